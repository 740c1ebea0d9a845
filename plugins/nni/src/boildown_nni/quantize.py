"""Choose the way to quantize that a step asks for: static int8, or weights of few bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import (
    UnsupportedError,
    Warned,
    refuse_eight_bits_of_seven,
    selected_layers,
    steps_per_epoch,
    unchanged,
)

from . import static, weights
from .offers.layers import LAYERS
from .toolkit import silently

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Artifact, Context, Quantize, StepOutcome

#: Quantizers that learn while training.
_TRAINED = ("QAT", "Lsq", "DoReFa", "BNN")
_ONE_BIT = "int1"


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize with NNI's class for the step, or the one that `with` names.

    Raises UnsupportedError where the class does not go with the step, the network cannot be
    imported, or has a fixed batch and is to be trained; DataError where samples are missing.
    """
    quantizer = class_of(step, context.settings)
    _refuse_late_start(step, context)
    layers = [layer for layer in selected_layers(step, context) if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    with silently(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        way = static.quantize if step.activations == "int8" else weights.quantize
        outcome = way(model, step, context, quantizer, layers)
    told = _behind_pruning(quantizer, context) if _is_pruned(context) else ()
    return outcome.model_copy(update={"warnings": (*outcome.warnings, *told)})


def _is_pruned(context: Context) -> bool:
    return any(step.op == "prune" for step in context.steps[: context.index])


def _behind_pruning(quantizer: str, context: Context) -> tuple[Warned, ...]:
    """Say what becomes of the zeros, and that the two steps are two."""
    told = []
    if quantizer == "DoReFa":
        text = f"the values of {quantizer}Quantizer have no 0 among them, so that zeros are lost"
        told.append(Warned(code="PARTIAL", text=text))
    if context.steps[context.index].train is not None:
        text = (
            "pruned first and trained with rounding then, one step at a time; NNI's fused"
            " compressors, which do both in one training, are not used"
        )
        told.append(Warned(code="NOTE", text=text))
    return tuple(told)


def class_of(step: Quantize, settings: Mapping[str, Any]) -> str:
    """Return the quantizer's name without `Quantizer`.

    Raises UnsupportedError where the class that `settings` name does not go with the step.
    """
    meant = "Ptq" if step.train is None else "BNN" if step.weights == _ONE_BIT else "QAT"
    name: str = settings.get("quantizer", meant)
    if problem := _problem(name, step):
        raise UnsupportedError(f"{name}Quantizer {problem}")
    if name != "QAT" and "quant_start_step" in settings.get("arguments", {}):
        raise UnsupportedError(f"{name}Quantizer takes no quant_start_step; QATQuantizer does")
    if step.activations != "int8" and "reduce_range" in settings:
        raise UnsupportedError("`reduce_range` is about static int8; activations stay float32 here")
    refuse_eight_bits_of_seven(step, settings)
    return name


def _refuse_late_start(step: Quantize, context: Context) -> None:
    """Refuse a start behind the end of the training: nothing would ever be rounded."""
    start = context.settings.get("arguments", {}).get("quant_start_step", 0)
    if step.train is None or not start:
        return
    steps = step.train.epochs * steps_per_epoch(context.data, step.train)
    if start >= steps:
        raise UnsupportedError(f"quant_start_step is {start}, and there are {steps} steps")


def _problem(name: str, step: Quantize) -> str:
    if (name in _TRAINED) != (step.train is not None):
        return "learns while training; give `train`" if name in _TRAINED else "does not train"
    if step.activations == "int8" and name not in {"Ptq", "QAT"}:
        return "is offered for weights alone: of activations it is inexact or needs one sign"
    if (name == "BNN") != (step.weights == _ONE_BIT):
        return "makes weights of one bit" if name == "BNN" else "needs at least 2 bits"
    if name == "DoReFa" and step.granularity == "channel":
        return "has one range for a whole weight"
    if name == "DoReFa" and step.symmetric:
        return "has as many levels below 0 as above, and none at 0"
    return ""
