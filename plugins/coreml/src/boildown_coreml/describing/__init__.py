"""Files that say what they take and give: an image in place of numbers, labels beside scores."""

from __future__ import annotations

from .pixels import pixels_of, take_numbers
from .saying import Said, said_of
from .writing import describe

__all__ = ["Said", "describe", "pixels_of", "said_of", "take_numbers"]
