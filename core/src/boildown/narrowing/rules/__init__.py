"""What becomes of channels in each operator; one without a rule keeps the channels it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import convolution, elementwise, lookup, moving, norm, pieces, pooling, product, recurrent

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..node import Node

#: Operator -> its rule, which raises `Stay` where the channels that come in must stay.
RULES: dict[str, Callable[[Node], None]] = {
    **convolution.RULES,
    **elementwise.RULES,
    **lookup.RULES,
    **moving.RULES,
    **norm.RULES,
    **pieces.RULES,
    **pooling.RULES,
    **product.RULES,
    **recurrent.RULES,
}
