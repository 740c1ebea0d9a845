"""What a backend says it can do, known without importing its toolkit."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ..frozen import Frozen
from ..nearest import did_you_mean
from ..recipe.steps import OPS, STEP_MODELS, Op

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
    #: Settings of the backend's own (`with`) -> values with which it is carried out exactly.
    unless: dict[str, tuple[Scalar, ...]] = Field(default_factory=dict)


class Offer(Frozen):
    """A product of accepted values: every combination of them works.

    A setting that `accepts` does not name is accepted at its neutral default only; one that it
    names is accepted at the named values only, so a setting may be left open (None) where None
    is among them. Two kinds may always be left out: numbers accepted by a `Range`, and settings
    of which a step gives exactly one (`bits` or `values`, `sparsity` or `threshold`, `student` or
    `width`).

    `layers` is accepted by every offer unless `accepts` says `layers: ()`. `train: (True,)` means
    that the step must train (with any training settings), `(True, None)` that it may or may not.
    An offer that names only one of `bits` and `values` accepts the other where the two say the
    same. Two words stand for many values: `n:m` for every such `structure`, `uri` for every
    `teacher` or `student`.
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
    #: Format of a deployable that cannot hold what the offer makes -> why not.
    unfit_formats: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _settings_exist(self) -> Self:
        nearly = (approximation.setting for approximation in self.approximations)
        _check_settings(self.op, [*self.accepts, *nearly])
        return self


class Refusal(Frozen):
    """A sentence that says why something is not offered, shown instead of the bare gap.

    With `behind` it is a gap by itself, whatever the offers accept: it refuses a step because of
    what an earlier step of the chain is.
    """

    op: Op
    setting: str | None = None
    value: Scalar = None
    reason: str
    #: Earlier steps are meant whose settings this would accept; nothing else of it is looked at.
    behind: Offer | None = None
    #: Settings of the backend's own (`with`): an earlier step that gives one is not meant.
    unless: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _setting_exists(self) -> Self:
        _check_settings(self.op, [self.setting] if self.setting else [])
        if self.unless and self.behind is None:
            raise ValueError("'unless' is about the earlier step that 'behind' describes")
        return self


class Gap(Frozen):
    """One thing a recipe wants that a backend does not offer, with the reason."""

    step: int
    op: Op
    setting: str | None = None
    wanted: object = None
    reason: str

    def __str__(self) -> str:
        """Return the gap as one line, steps counted from 1 as people do."""
        told = self.setting is None or self.reason.startswith(self.setting)
        what = self.op if told else f"{self.op}.{self.setting}: {self.wanted}"
        return f"step {self.step + 1}, {what}: {self.reason}"


def _check_settings(op: Op, names: list[str]) -> None:
    known = STEP_MODELS[op].model_fields.keys() - {"op", "with_"}
    unknown = [f"{name!r}{did_you_mean(name, known)}" for name in names if name not in known]
    if unknown:
        raise ValueError(f"{op} has no setting {', '.join(unknown)}")
