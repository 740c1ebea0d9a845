"""The four steps and their toolkit-neutral settings: the vocabulary of every recipe.

A setting that is `None` demands nothing: the backend takes what suits its toolkit and says so.
`backend:value` is a value that one plugin adds to the vocabulary.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from ..frozen import Frozen
from .patterns import LayerPattern

Op = Literal["quantize", "prune", "cluster", "distill"]
OPS: tuple[Op, ...] = ("quantize", "prune", "cluster", "distill")

#: A value added by a plugin, written `backend:value`.
PluginValue = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*:[a-z0-9][a-z0-9_.-]*$"),
    Field(description="a value of one backend, as 'backend:value'"),
]
#: n of every m consecutive weights stay, as in `2:4`.
Pattern = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9][0-9]{0,3}:[1-9][0-9]{0,3}$"),
    Field(description="n:m such as '2:4'"),
]

Weights = Literal[
    "float16", "bfloat16", "int8", "int7", "int6", "int5", "int4", "int3", "int2", "int1"
]
Activations = Literal["float32", "float16", "int16", "int8", "dynamic"]
Granularity = Literal["tensor", "channel", "block"]


class Layers(Frozen):
    """Which layers a step touches: globs on layer names, `type:Conv`, `size<2048`."""

    include: tuple[LayerPattern, ...] = ()
    exclude: tuple[LayerPattern, ...] = ()


class Train(Frozen):
    """How a step trains; without it a step is one-shot."""

    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    batch_size: Annotated[int, Field(ge=1, le=65536)] = 128
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    augment: tuple[Literal["flip", "shift"], ...] = ()
    patience: Annotated[int, Field(ge=1)] | None = None


class _Settings(Frozen):
    model_config = ConfigDict(allow_inf_nan=False)

    layers: Layers = Layers()
    train: Train | None = None
    #: Settings for single toolkits, by backend name; each backend checks its own.
    with_: dict[str, dict[str, Any]] = Field(default_factory=dict, alias="with")

    def demands(self) -> dict[str, object]:
        """Return the settings that differ from the neutral default, by name, as plain data."""
        plain = self.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        return {name: value for name, value in plain.items() if name not in {"op", "with"}}


class Quantize(_Settings):
    """Store numbers in fewer bits.

    `activations` decides the kind: float32 is weight-only, dynamic computes ranges at run time,
    int8 is static (calibrated); with `train` it is quantization-aware training.
    """

    op: Literal["quantize"] = "quantize"
    weights: Weights | PluginValue = "int8"
    activations: Activations | PluginValue = "float32"
    granularity: Granularity | PluginValue | None = None
    block_size: Annotated[int, Field(ge=2)] | None = None
    symmetric: bool | None = None
    observer: Literal["minmax", "entropy", "percentile", "mse"] | PluginValue | None = None


class Prune(_Settings):
    """Remove the least useful weights (`element`, `filter`, `n:m`, `block`) or channels."""

    op: Literal["prune"] = "prune"
    sparsity: Annotated[float, Field(gt=0, lt=1)] | None = None
    #: Absolute bound below which a weight becomes zero, with `criterion: threshold`.
    threshold: Annotated[float, Field(gt=0)] | None = None
    structure: Literal["element", "filter", "channel", "block"] | Pattern | PluginValue = "element"
    block_size: Annotated[int, Field(ge=2)] | None = None
    scope: Literal["local", "global"] = "local"
    criterion: (
        Literal["magnitude", "l2", "threshold", "fpgm", "taylor", "slim", "movement", "random"]
        | PluginValue
    ) = "magnitude"
    schedule: Literal["one-shot", "linear", "cubic"] = "one-shot"

    @property
    def pattern(self) -> tuple[int, int] | None:
        """The n and m of an n:m structure (n of m consecutive weights stay), else None."""
        n, colon, m = self.structure.partition(":")
        return (int(n), int(m)) if colon and n.isdigit() else None

    @model_validator(mode="after")
    def _amount_is_given_once(self) -> Self:
        pattern = self.pattern
        if pattern and not 0 < pattern[0] < pattern[1]:
            raise ValueError(
                f"structure {self.structure!r} keeps n of m weights: n must be below m"
            )
        given = [self.sparsity is not None, self.threshold is not None, pattern is not None]
        if self.criterion == "threshold" and self.threshold is None:
            raise ValueError("criterion 'threshold' needs the setting 'threshold'")
        if self.threshold is not None and self.criterion != "threshold":
            raise ValueError("the setting 'threshold' goes with criterion 'threshold' only")
        if sum(given) != 1:
            raise ValueError("give exactly one of 'sparsity', 'threshold' or an n:m 'structure'")
        return self


class Cluster(_Settings):
    """Share a few distinct values between the weights of a layer (weight sharing)."""

    op: Literal["cluster"] = "cluster"
    bits: Annotated[int, Field(ge=1, le=8)] | None = None
    values: Annotated[int, Field(ge=2, le=256)] | None = None
    init: Literal["kmeans", "linear", "density", "random"] | PluginValue | None = None
    granularity: Literal["tensor", "channel", "block"] | PluginValue | None = None
    keep_sparsity: bool = False

    @property
    def count(self) -> int:
        """How many distinct values a group of weights may have."""
        return self.values if self.values is not None else 2 ** (self.bits or 0)

    @model_validator(mode="after")
    def _count_is_given_once(self) -> Self:
        if (self.bits is None) == (self.values is None):
            raise ValueError("give exactly one of 'bits' and 'values'")
        return self


class Distill(_Settings):
    """Train a small student to imitate a large teacher (Hinton, Vinyals, Dean, 2015)."""

    op: Literal["distill"] = "distill"
    teacher: str = "original"
    student: str | None = None
    #: Share of the channels of the same graph that the student keeps.
    width: Annotated[float, Field(gt=0, lt=1)] | None = None
    start: Literal["weights", "random"] = "weights"
    temperature: Annotated[float, Field(gt=0)] = 4.0
    #: Weight of the soft targets in the loss; the labels get the rest.
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.9
    hints: bool = False
    train: Train | None = Train()

    @model_validator(mode="after")
    def _student_is_given_once(self) -> Self:
        if (self.student is None) == (self.width is None):
            raise ValueError("give exactly one of 'student' and 'width'")
        if self.train is None:
            raise ValueError("distill always trains: 'train' cannot be null")
        return self


Step = Annotated[Quantize | Prune | Cluster | Distill, Field(discriminator="op")]

STEP_MODELS: dict[Op, type[Quantize | Prune | Cluster | Distill]] = {
    "quantize": Quantize,
    "prune": Prune,
    "cluster": Cluster,
    "distill": Distill,
}
