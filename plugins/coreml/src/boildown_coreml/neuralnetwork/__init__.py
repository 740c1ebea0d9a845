"""A saved neural network (`.mlmodel`), read back and written as ONNX."""

from __future__ import annotations

from .reading import SourcePlaces
from .stored import check_network, stored_network_weights
from .translating import translate_network

__all__ = ["SourcePlaces", "check_network", "stored_network_weights", "translate_network"]
