"""What a backend says it can do, known without importing its toolkit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..frozen import Frozen
from ..recipe.steps import OPS, Op

Need = Literal["samples", "labels", "train"]
Scalar = str | int | float | bool | None


class Range(Frozen):
    """Numbers from `minimum` to `maximum`, both included; None is unbounded."""

    minimum: float | None = None
    maximum: float | None = None


class Approximation(Frozen):
    """A setting that the backend takes, but carries out as something near it."""

    setting: str
    value: Scalar
    how: str


class Offer(Frozen):
    """A product of accepted values: every combination of them works.

    A setting that `accepts` does not name is accepted at its neutral default only. `layers` is
    accepted by every offer unless `accepts` says `layers: ()`. `train: (True,)` means that
    the step may train (any training settings), `(True, None)` that it may or may not.
    """

    op: Op
    accepts: dict[str, tuple[Scalar, ...] | Range] = Field(default_factory=dict)
    #: What of the data it cannot do without.
    needs: tuple[Need, ...] = ()
    #: Operations that may stand earlier in the chain.
    after: tuple[Op, ...] = OPS
    #: ONNX operators whose weights it changes; None: every layer.
    operators: tuple[str, ...] | None = None
    approximations: tuple[Approximation, ...] = ()


class Refusal(Frozen):
    """A sentence that says why something is not offered, shown instead of the bare gap."""

    op: Op
    setting: str | None = None
    value: Scalar = None
    reason: str


class Gap(Frozen):
    """One thing a recipe wants that a backend does not offer, with the reason."""

    step: int
    op: Op
    setting: str | None = None
    wanted: object = None
    reason: str

    def __str__(self) -> str:
        """Return the gap as one line, steps counted from 1 as people do."""
        what = f"{self.op}.{self.setting}: {self.wanted}" if self.setting else self.op
        return f"step {self.step + 1}, {what}: {self.reason}"
