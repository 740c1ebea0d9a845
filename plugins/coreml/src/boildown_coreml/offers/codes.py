"""Integer codes of an earlier step that a later one cannot do justice to."""

from __future__ import annotations

from typing import Any

from boildown import Offer, Range


def _codes(**accepts: Any) -> Offer:
    open_ones: dict[str, Any] = {
        "activations": ("float32", "float16", "int8"),
        "symmetric": (None, True, False),
        "observer": (None, "minmax"),
        "train": (None, True),
    }
    return Offer(op="quantize", accepts={**open_ones, **accepts})


#: At most 16 values in a layer: pruning takes all weights of a value or none.
WHOLE_INT4 = _codes(weights=("int4",), granularity=("tensor",))
#: Sharing values of codes leaves the scales beside them.
CODES_OF_CHANNELS = _codes(
    weights=("int8", "int4"),
    granularity=("channel", "block"),
    block_size=Range(minimum=2, maximum=4096),
)
