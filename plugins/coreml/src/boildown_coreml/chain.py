"""What a chain as a whole asks of the program that its first step converts the source to.

A deployment target and the width of numbers cannot be changed once a weight is compressed, so the
first step looks ahead. Nothing here imports coremltools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import Cluster, Distill, Quantize, UnsupportedError

from .formats import PRECISIONS, TARGETS, setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Context, Step

    from .formats import Precision, Target

_BACKEND = "coreml"
#: Indices into a table take so many bits in a file.
INDEX_BITS = (1, 2, 3, 4, 6, 8)


def index_bits(count: int) -> int:
    """Return the bits of an index into a table of so many values (2 to 256)."""
    return next(bits for bits in INDEX_BITS if 2**bits >= count)


def code_bits(step: Quantize) -> int:
    """Return the number in `int8` to `int1`."""
    return int(step.weights.removeprefix("int"))


def has_one_scale(step: Quantize, steps: Sequence[Step]) -> bool:
    """Tell whether all weights of a layer share one scale.

    So it is where the step says so or, left open, where `steps` share values before or after.
    """
    shared = any(isinstance(other, Cluster) for other in steps)
    return step.granularity == "tensor" or (shared and step.granularity is None)


def targets_of(context: Context) -> tuple[Target, Target]:
    """Return the lowest and the highest deployment target that a program may have.

    They are the one that the recipe gives, else what the chain needs, and anything above.

    Raises UnsupportedError where the one that is given is too low.
    """
    needed = max((_least(step) for step in context.steps), key=TARGETS.index, default=TARGETS[0])
    # Forms of compressed weights can be nested from iOS 18 on.
    if sum(_compresses(step) for step in context.steps) > 1:
        needed = "iOS18"
    if "target" not in context.settings:
        return needed, TARGETS[-1]
    given = setting(context, "target", TARGETS)
    if TARGETS.index(given) < TARGETS.index(needed):
        raise UnsupportedError(
            f"these steps need the deployment target {needed}, and the recipe asks for {given}:"
            " leave `target` out, or raise it"
        )
    return given, given


def precision_of(context: Context) -> Precision:
    """Return the width of numbers: float16 where the recipe or any step of it says so."""
    halves = any(
        isinstance(step, Quantize) and "float16" in {step.weights, step.activations}
        for step in context.steps
    )
    if halves and context.settings.get("precision", "float16") != "float16":
        raise UnsupportedError("`precision: float32` and a step in float16: leave one of them out")
    return "float16" if halves else setting(context, "precision", PRECISIONS)


def _compresses(step: Step) -> bool:
    """Tell whether a step stores weights in another form than plain numbers."""
    halves = isinstance(step, Quantize) and step.weights == "float16"
    return not (halves or isinstance(step, Distill))


def _least(step: Step) -> Target:
    """Return the lowest target with which one step can be stored."""
    if isinstance(step, Quantize):
        return _least_of_codes(step)
    if isinstance(step, Distill):
        return TARGETS[0]
    if not isinstance(step, Cluster):
        return "iOS16"
    said = step.with_.get(_BACKEND, {})
    several = step.granularity == "channel" or said.keys() & {
        "group_size",
        "cluster_dim",
        "per_channel_scale",
    }
    return "iOS18" if several or index_bits(step.count) == 3 else "iOS16"  # noqa: PLR2004 - 3 bits came late


def _least_of_codes(step: Quantize) -> Target:
    if step.weights == "float16":
        return "iOS15"
    tables = step.weights not in {"int8", "int4"}
    if step.weights in {"int4", "int3"} or step.granularity == "block":
        return "iOS18"
    if tables and step.granularity == "channel":
        return "iOS18"
    return "iOS17" if step.activations == "int8" else "iOS16"
