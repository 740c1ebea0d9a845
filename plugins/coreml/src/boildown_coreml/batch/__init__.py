"""A graph for one sample, made to take any number of them."""

from __future__ import annotations

from .opening import open_batch

__all__ = ["open_batch"]
