"""Operators whose layers become one module with one weight each, which NNI can wrap."""

LAYERS = ("Conv", "Gemm", "MatMul")
