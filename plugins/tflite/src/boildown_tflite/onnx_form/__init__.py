"""A `.tflite` file back to ONNX: the same computation under the source's names, or a refusal."""

from .forming import to_onnx

__all__ = ["to_onnx"]
