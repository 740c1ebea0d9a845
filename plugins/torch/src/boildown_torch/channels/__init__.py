"""Make an imported network narrower: channels go from all layers that share them, for good.

Public, for other plugins as well: `remove_channels`, which tells what it `Removed`, with a
`Criterion` of torch-pruning that scores channels.
"""

from .removing import Criterion as Criterion
from .removing import Removed as Removed
from .removing import remove_channels as remove_channels

__all__ = ["Criterion", "Removed", "remove_channels"]
