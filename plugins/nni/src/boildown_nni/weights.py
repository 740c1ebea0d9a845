"""Weights of few bits, rounded at once (Ptq) or trained with (QAT, Lsq, DoReFa, BNN).

Activations stay float32, and the file holds the codes. QAT: Jacob and others, 2018; LSQ: Esser and
others, 2020; DoReFa: Zhou and others, 2016; BNN: Courbariaux and others, 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import (
    StepOutcome,
    UnsupportedError,
    about_kernels,
    read_graph,
    refuse_fixed_batch,
    selected_layers,
    store_codes,
    unchanged,
    write_graph,
)
from boildown_torch.importer import import_onnx, write_back

from .evaluating import Training
from .example import example
from .fitting import fit_in_job
from .offers.quantize import LAYERS
from .rounding import codes_of, start_steps, weight_entry
from .targets import targets_of, tell_left_out
from .toolkit import quantization

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown import Artifact, Context, Fitted, Quantize
    from boildown_torch.training import Objective
    from torch import nn


def quantize(model: Artifact, step: Quantize, context: Context, name: str) -> StepOutcome:
    """Round the weights of the selected layers as NNI's `name`Quantizer does.

    Raises as `quantize.quantize` does.
    """
    layers = [layer for layer in selected_layers(step, context) if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    graph = read_graph(model)
    if step.train is not None:
        refuse_fixed_batch(graph)
    module = import_onnx(graph).eval()
    targets = targets_of(module, layers)
    if not targets:
        names = ", ".join(repr(layer.name) for layer in layers)
        raise UnsupportedError(f"NNI knows no module for the layers {names}")
    bits, inputs = int(step.weights.removeprefix("int")), example(graph)
    whole = step.granularity == "tensor"
    entry = weight_entry([one.module for one in targets], name, bits, whole=whole)

    def look(network: nn.Module) -> float:
        with torch.no_grad():
            network(*inputs)
        return 0.0

    def run(
        network: nn.Module, behind_each_batch: Callable[[], None], objective: Objective
    ) -> Fitted | None:
        if step.train is None:
            return None
        if name == "Lsq":
            look(network)
            start_steps(network, quantizer)
        return fit_in_job(
            network,
            graph,
            step.train,
            context,
            objective=objective,
            after_step=lambda _: behind_each_batch(),
        )

    training = Training(module, run, look)
    arguments = context.settings.get("arguments", {})
    make = getattr(quantization, f"{name}Quantizer")
    quantizer = make(module, [entry], training.evaluator, **arguments)
    quantizer.compress(1, None)
    codes = {
        one.layer.weight: one.as_onnx(codes_of(module, one.module, name, bits)) for one in targets
    }
    quantizer.unwrap_model()
    result = write_back(graph, module)
    store_codes(result, codes)
    return StepOutcome(
        artifact=write_graph(result, context, "rounded"),
        epochs=training.fitted.epochs if training.fitted is not None else 0,
        warnings=(*tell_left_out(layers, targets), *about_kernels(step)),
    )
