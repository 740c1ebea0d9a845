"""Static int8 by PT2E: export, prepare, calibrate or train, convert, and on to an ONNX file.

The way of PyTorch's "Quantization in PyTorch 2 Export" (torchao), with a quantizer that knows what
ONNX Runtime runs in integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import (
    StepOutcome,
    about_int8,
    read_graph,
    selected_layers,
    source_layers,
    unchanged,
    write_graph,
)
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

from ..formats import format_of
from ..importer import import_onnx, layer_modules
from ..quiet import quietly
from .calibrating import calibrate
from .exporting import as_onnx, exported
from .grid import is_narrow
from .kernels import use_integer_kernels
from .naming import name_layers
from .norms import write_out_batch_norms
from .quantizer import OrtQuantizer
from .rounding import rounding
from .trained import trained

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize
    from onnx import ModelProto
    from torch import nn
    from torchao.quantization.pt2e.quantizer import Quantizer

LAYERS = ("Conv", "Gemm", "MatMul")
_NARROW = "weights use 7 of the 8 bits, so that products cannot saturate on CPUs without VNNI"


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected layers and what lies beside them."""
    layers = [layer for layer in selected_layers(step, context) if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    torch.manual_seed(context.seed)
    torch.set_num_threads(context.threads)
    graph = read_graph(model)
    write_out_batch_norms(graph)
    module = import_onnx(graph).eval()
    weights = {layer.weight for layer in layers}
    every = source_layers(context.network.path)
    names = {layer.node for layer in every if layer.weight in weights}
    modules = layer_modules(module)
    chosen = {path for path, name in modules.items() if name in names}
    on_phones, trains = format_of(context) == "pte", step.train is not None
    narrow = is_narrow(step, context.settings)
    if on_phones:
        with quietly():  # ExecuTorch warns of its own source while it is imported
            from ..pte.quantizer import PteQuantizer
        quantizer: Quantizer = PteQuantizer(
            chosen, rounding(step, narrow=narrow, trains=trains, signed=True), trains=trains
        )
    else:
        quantizer = OrtQuantizer(chosen, *rounding(step, narrow=narrow, trains=trains))
    if step.train is not None:
        converted, epochs = trained(module, graph, quantizer, step.train, context)
    else:
        converted, epochs = calibrated(module, graph, quantizer, context), 0
    result = finished(converted, graph, modules, context)
    if on_phones:
        from ..pte.deploying import save_quantized

        artifact = save_quantized(converted, result, graph, context)
        return StepOutcome(artifact=artifact, epochs=epochs)
    use_integer_kernels(result)
    artifact = write_graph(result, context, "static")
    return told(StepOutcome(artifact=artifact, epochs=epochs), step, narrow=narrow)


def calibrated(
    module: nn.Module, source: ModelProto, quantizer: Quantizer, context: Context
) -> nn.Module:
    """Return the network converted with ranges that the calibration samples have shown."""
    with quietly():
        prepared = prepare_pt2e(exported(module, source), quantizer)
        calibrate(prepared, source, context)
        return convert_pt2e(prepared)  # type: ignore[no-any-return]


def finished(
    converted: nn.Module, source: ModelProto, modules: dict[str, str], context: Context
) -> ModelProto:
    """Return a converted network as ONNX with the layers' names."""
    result = as_onnx(converted, source)
    name_layers(result, modules, source_layers(context.network.path))
    return result


def told(outcome: StepOutcome, step: Quantize, *, narrow: bool) -> StepOutcome:
    """Add what is not exactly what the step asked for, and what a reader must know."""
    approximations = (_NARROW,) if narrow and step.weights == "int8" else ()
    return outcome.model_copy(
        update={
            "approximations": (*outcome.approximations, *approximations),
            "warnings": (*outcome.warnings, *about_int8(step, saturates=not narrow)),
        }
    )
