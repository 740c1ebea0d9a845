"""Prune: TF Model Optimization zeroes the weights of least magnitude, at once or while training.

Zhu and Gupta, "To prune, or not to prune", 2017; n:m along the input channels (Mishra and others,
"Accelerating sparse deep neural networks", 2021).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boildown import StepOutcome, Warned, read_graph, steps_per_epoch, unchanged, write_graph

from .fitting import fit_in_job
from .importer import import_onnx, write_back
from .pruning import (
    ConstantSparsity,
    PolynomialDecay,
    UpdatePruningStep,
    mask_at_once,
    prune_low_magnitude,
    strip_pruning,
)
from .training import keep_zeros
from .wrapping import choose, wrapped

if TYPE_CHECKING:
    from boildown import Artifact, Context, Prune

    from .keras import tf_keras
    from .pruning import PruningSchedule

#: Masks are made anew at most so many times.
_UPDATES = 100
_POWERS = {"linear": 1, "cubic": 3}


def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero the share, or the pattern, of each selected layer that the step says.

    Raises UnsupportedError where the network cannot be imported or, where the step trains, its
    batch is fixed; DataError where there are no labelled train samples.
    """
    graph = read_graph(model)
    imported = import_onnx(graph)
    chosen, warnings = choose(step, imported, context)
    if not chosen:
        return unchanged(model, context, "TF Model Optimization prunes none of the selected layers")
    schedule, ramp = _schedule(step, context)
    pattern = {} if step.pattern is None else {"sparsity_m_by_n": _zeros_of(*step.pattern)}
    pruned = wrapped(
        imported.model,
        chosen,
        lambda layer: prune_low_magnitude(layer, pruning_schedule=schedule, **pattern),
    )
    epochs = 0
    if step.train is None:
        mask_at_once(pruned)
    else:
        watch = [UpdatePruningStep()]
        epochs = fit_in_job(
            pruned,
            graph,
            step.train,
            context,
            callbacks=watch,
            settled_after=ramp,
            after_step=keep_zeros(pruned),
        ).epochs
    stripped = replace(imported, model=strip_pruning(pruned))
    warnings = (*warnings, *_uneven(step, chosen, stripped.model))
    artifact = write_graph(write_back(graph, stripped), context, "pruned")
    return StepOutcome(artifact=artifact, epochs=epochs, warnings=warnings)


def _uneven(step: Prune, chosen: dict[str, str], model: tf_keras.Model) -> tuple[Warned, ...]:
    """Name the layers whose input channels are no multiple of the pattern's length."""
    if step.pattern is None:
        return ()
    length = step.pattern[1]
    kernels = {name: model.get_layer(name).kernel.shape for name in chosen}
    uneven = [repr(chosen[name]) for name, shape in kernels.items() if shape[-2] % length]
    if not uneven:
        return ()
    text = (
        f"{step.structure} runs along input channels, which are no multiple of {length} in"
        f" {', '.join(uneven)}: TF Model Optimization counts channels that are not there as zeros,"
        " so these layers have fewer"
    )
    return (Warned(code="PARTIAL", text=text),)


def _schedule(step: Prune, context: Context) -> tuple[PruningSchedule, int]:
    """Return how sparsity grows, and the step at which it has; steps are counted from 1.

    A ramp takes the first half of the training (Zhu and Gupta likewise stop well before its end),
    in equal parts of which the last ends with it: masks are made at multiples of a part only.
    """
    # Of a pattern the wrapper takes no share, but wants a schedule.
    final = step.sparsity or 0.5
    if step.train is not None and step.schedule != "one-shot":
        half = step.train.epochs * steps_per_epoch(context.data, step.train) // 2
        part = max(half // _UPDATES, 1)
        ramp = half // part * part
        if ramp:
            power = _POWERS[step.schedule]
            ends = 1 + ramp
            return PolynomialDecay(0.0, final, 1, ends, power=power, frequency=part), ends
    return ConstantSparsity(final, begin_step=1, end_step=1, frequency=1), 1


def _zeros_of(kept: int, of: int) -> tuple[int, int]:
    """Return a pattern as TF Model Optimization says it: so many zeros of so many."""
    return of - kept, of
