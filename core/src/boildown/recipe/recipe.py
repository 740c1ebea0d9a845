"""The recipe as a value: ordered steps, optionally with model, data, backends and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator

from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..nearest import did_you_mean
from .steps import Step

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"),
    Field(description="a word of at most 80 letters, digits, '.', '_' or '-'"),
]
Status = Literal["ok", "no_effect", "unsupported", "failed", "timeout", "out_of_memory"]
#: Of rows that have figures.
MEASURED: tuple[Status, ...] = ("ok", "no_effect")

#: Field of a result that a recipe can bound -> whether the bound is its least or greatest value.
LIMITS: dict[str, Literal["minimum", "maximum"]] = {
    "bytes": "maximum",
    "deflated_bytes": "maximum",
    "bits_per_weight": "maximum",
    "top1": "minimum",
    "top1_difference": "minimum",
    "top5": "minimum",
    "top5_difference": "minimum",
    "agreement": "minimum",
    "sqnr_db": "minimum",
    "latency_p50_ms": "maximum",
    "latency_p90_ms": "maximum",
    "speedup": "minimum",
    "peak_rss_bytes": "maximum",
}


class Data(Frozen):
    """Which data a run trains, calibrates and tests on; left out: the model's own."""

    train: str | None = None
    #: How many samples calibrate; taken from train, else from a slice that leaves test.
    calibrate: Annotated[int, Field(ge=1)] = 256
    test: str | None = None


class Expect(Frozen):
    """What the float baseline must reach, so that wrong preprocessing stops the run."""

    top1: Annotated[float, Field(ge=0, le=1)]
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.01


class Recipe(Frozen):
    """An ordered list of steps with everything a run needs to know."""

    model_config = ConfigDict(allow_inf_nan=False)

    recipe: Literal[1] = 1
    name: Name
    description: str = ""
    model: str | None = None
    data: str | Data | None = None
    backends: tuple[str, ...] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=32)]
    input: Preprocessing | None = None
    expect: Expect | None = None
    limits: dict[str, float] = Field(default_factory=dict)
    allow: tuple[Status, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @field_validator("limits")
    @classmethod
    def _limits_bound_known_figures(cls, limits: dict[str, float]) -> dict[str, float]:
        unknown = [f"{name!r}{did_you_mean(name, LIMITS)}" for name in limits if name not in LIMITS]
        if unknown:
            raise ValueError(f"unknown limit {', '.join(unknown)} (known: {', '.join(LIMITS)})")
        return limits
