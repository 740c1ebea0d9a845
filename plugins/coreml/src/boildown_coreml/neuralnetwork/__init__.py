"""A saved neural network (`.mlmodel`), read back and written as ONNX."""

from __future__ import annotations

from .stored import check_network, stored_network_weights
from .translating import translate_network

__all__ = ["check_network", "stored_network_weights", "translate_network"]
