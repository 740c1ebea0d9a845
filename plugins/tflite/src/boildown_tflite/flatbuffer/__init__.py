"""A `.tflite` file as plain values: read with bounds, decoded, and written again with new names."""

from .decoding import decode, stored_bits
from .editing import plain_name, write_inside, write_names, write_plainly
from .reading import File, Operator, Quantization, Tensor, read_bytes, read_file

__all__ = [
    "File",
    "Operator",
    "Quantization",
    "Tensor",
    "decode",
    "plain_name",
    "read_bytes",
    "read_file",
    "stored_bits",
    "write_inside",
    "write_names",
    "write_plainly",
]
