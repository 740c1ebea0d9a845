"""A `.tflite` file as plain values: read with bounds, decoded, and written again with new names."""

from .decoding import decode, stored_bits
from .editing import write_names
from .reading import File, Operator, Quantization, Tensor, read_bytes, read_file

__all__ = [
    "File",
    "Operator",
    "Quantization",
    "Tensor",
    "decode",
    "read_bytes",
    "read_file",
    "stored_bits",
    "write_names",
]
