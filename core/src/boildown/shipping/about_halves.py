"""What a backend tells of numbers that 16 bits cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .halves import largest_half

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Names that a sentence holds at most.
_TOLD = 5


def about_halves(numbers: Mapping[str, np.ndarray], kind: str) -> tuple[str, ...]:
    """Return the approximation of a step that stores `numbers`, by name, as `kind`.

    Empty where `kind`, float16 or bfloat16, holds all of them but for rounding; the others become
    the largest that it has.
    """
    largest = largest_half(kind)
    cut = {name: int((np.abs(values) > largest).sum()) for name, values in numbers.items()}
    named = [f"{count:,} of {name!r}" for name, count in cut.items() if count]
    if not named:
        return ()
    more = [f"others of {len(named) - _TOLD} more"] if len(named) > _TOLD else []
    advice = "; bfloat16 holds them" if kind == "float16" else ""
    total = sum(cut.values())
    are = "number is" if total == 1 else "numbers are"
    text = (
        f"{total:,} {are} beyond what {kind} can hold and became the largest "
        f"that it has, ±{largest:,.6g}: {', '.join([*named[:_TOLD], *more])}{advice}"
    )
    return (text,)
