"""A saved neural network (`.mlmodel`), read back and written as ONNX."""
