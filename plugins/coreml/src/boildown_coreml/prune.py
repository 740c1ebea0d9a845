"""Prune: coremltools zeroes weights by magnitude, below a threshold, or n of every m.

n:m sparsity after Mishra and others, "Accelerating sparse deep neural networks", 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import Quantize, UnsupportedError, selected_layers, unchanged

from .chain import has_one_scale
from .offers.prune import PATTERNED
from .package import Method, compress, open_package, partial
from .toolkit import cto

if TYPE_CHECKING:
    from boildown import Artifact, Context, Prune, StepOutcome

#: A threshold below all numbers but 0.
_LEAST = float(np.finfo(np.float32).tiny)


def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero the share, or the pattern, of each selected layer that the step says.

    The file stores a mask and the weights that are left. Raises UnsupportedError as
    `open_package` does.
    """
    if step.train is not None:
        return _learned(model, step, context)
    _refuse_tables(context)
    layers = selected_layers(step, context)
    chosen = [x for x in layers if step.pattern is None or x.op in PATTERNED]
    if not chosen:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(PATTERNED)}")
    method = Method(cto.prune_weights, lambda _: _config(step), _why(step))
    outcome = compress(open_package(model, context), chosen, method, context, "prune")
    other = [layer.name for layer in layers if layer not in chosen]
    why = f"{step.structure} needs {', '.join(PATTERNED)}"
    warnings = (*partial(other, len(layers), "prune", why), *outcome.warnings)
    return outcome.model_copy(update={"warnings": warnings})


def _refuse_tables(context: Context) -> None:
    """Refuse to prune behind few values a layer: all weights that share one would go at once."""
    few = [
        earlier.weights
        for earlier in context.steps[: context.index]
        if isinstance(earlier, Quantize)
        and (
            earlier.weights not in {"float16", "int8", "int4"}
            or (earlier.weights == "int4" and has_one_scale(earlier, context.steps))
        )
    ]
    if few:
        raise UnsupportedError(
            f"{few[0]} leaves a layer few values, of which pruning would zero all weights or none;"
            " prune first"
        )


def _learned(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Store the zeros that training leaves, and no more."""
    from .training.pruning import learn_zeros

    trained = learn_zeros(model, step, context)
    method = Method(cto.prune_weights, lambda _: _below(_LEAST), "none of their weights is zero")
    package = open_package(trained.artifact, context)
    outcome = compress(package, trained.layers, method, context, "prune")
    warnings = (*trained.warnings, *outcome.warnings)
    return outcome.model_copy(update={"warnings": warnings, "epochs": trained.epochs})


def _config(step: Prune) -> Any:
    if step.threshold is not None:
        # coremltools zeroes what is not above the threshold; weights at it are to stay.
        return _below(float(np.nextafter(np.float32(step.threshold), np.float32(0))))
    if step.pattern is not None:
        kept, of = step.pattern
        return cto.OpMagnitudePrunerConfig(n_m_ratio=(of - kept, of), dim=1, weight_threshold=0)
    return cto.OpMagnitudePrunerConfig(target_sparsity=step.sparsity, weight_threshold=0)


def _below(threshold: float) -> Any:
    return cto.OpThresholdPrunerConfig(
        threshold=threshold, minimum_sparsity_percentile=1e-9, weight_threshold=0
    )


def _why(step: Prune) -> str:
    if step.pattern is not None:
        return f"coremltools needs at least {2 * step.pattern[1]} input channels for n:m"
    if step.threshold is not None:
        return f"no weight of theirs is below {step.threshold:g}"
    return "coremltools leaves constants of fewer than 10 numbers"
