"""Make an imported network narrower: channels go from all layers that share them, for good.

Public, and used by other plugins: `remove_channels`, with `Criterion` to score channels.
"""

from .removing import Removed as Removed
from .removing import remove_channels as remove_channels

__all__ = ["Removed", "remove_channels"]
