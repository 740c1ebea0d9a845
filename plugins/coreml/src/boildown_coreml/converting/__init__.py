"""ONNX to Core ML: the graph made ready, lowered exactly or refused, and saved."""

from __future__ import annotations
