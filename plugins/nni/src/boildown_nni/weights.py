"""Weights of few bits, rounded at once (Ptq) or trained with (QAT, Lsq, DoReFa, BNN).

Activations stay float32, and the file holds the codes. QAT: Jacob and others, 2018; LSQ: Esser and
others, 2020; DoReFa: Zhou and others, 2016; BNN: Courbariaux and others, 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import (
    StepOutcome,
    about_one_bit,
    read_graph,
    refuse_fixed_batch,
    store_codes,
    write_graph,
)
from boildown_torch.importer import example_inputs, import_onnx, write_back

from .evaluating import Training
from .fitting import run_in_job
from .rounding import codes_of, keep_zero_gradients, start_steps, weight_entry
from .targets import targets_of, tell_left_out
from .toolkit import quantization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Artifact, Context, Layer, Quantize
    from torch import nn


def quantize(
    model: Artifact, step: Quantize, context: Context, name: str, layers: Sequence[Layer]
) -> StepOutcome:
    """Round the weights of `layers` as NNI's `name`Quantizer does.

    Raises as `quantize.quantize` does.
    """
    graph = read_graph(model)
    if step.train is not None:
        refuse_fixed_batch(graph)
    module = import_onnx(graph).eval()
    targets = targets_of(module, layers)
    bits, inputs = int(step.weights.removeprefix("int")), example_inputs(graph)
    whole = step.granularity == "tensor"
    entry = weight_entry([one.module for one in targets], name, bits, whole=whole)

    def look(network: nn.Module) -> float:
        with torch.no_grad():
            network(*inputs)
        return 0.0

    def begin(network: nn.Module) -> None:
        if name == "Lsq":
            look(network)
            start_steps(network, quantizer)
        if name == "DoReFa":
            keep_zero_gradients(module, [one.module for one in targets])

    training = Training(module, run_in_job(graph, step.train, context, begin), look)
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
        epochs=training.epochs,
        warnings=(*tell_left_out(layers, targets), *about_one_bit(step, context)),
    )
