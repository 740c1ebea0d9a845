"""A saved ML Program, read back and written as ONNX: what Core ML would compute, on any computer."""

from __future__ import annotations

from .reading import read_program
from .translating import Numbers, translate, translate_every_value
from .weights import constant_of

__all__ = ["Numbers", "constant_of", "read_program", "translate", "translate_every_value"]
