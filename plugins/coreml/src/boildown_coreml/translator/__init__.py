"""A saved ML Program, read back and written as ONNX: what Core ML would compute, anywhere."""

from __future__ import annotations

from .reading import read_description, read_program
from .translating import translate, translate_every_value, unknown_operators
from .weights import PREFIX as COMPRESSED
from .weights import constant_of, is_constant

__all__ = [
    "COMPRESSED",
    "constant_of",
    "is_constant",
    "read_description",
    "read_program",
    "translate",
    "translate_every_value",
    "unknown_operators",
]
