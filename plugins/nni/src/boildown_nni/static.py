"""Static int8 by NNI's PtqQuantizer, or trained with by its QATQuantizer, in the QDQ format.

NNI writes neither codes nor rounding into files. Its ranges are read from the points where it
rounds, and written into the ONNX graph at the same tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import (
    StepOutcome,
    about_int8,
    calibration_batches,
    fold_batch_norms,
    quantize_last_bias,
    read_graph,
    refuse_fixed_batch,
    source_layers,
    with_opset,
    write_graph,
)
from boildown_torch.importer import import_onnx, write_back

from .evaluating import Training
from .fitting import run_in_job
from .offers.quantize import NARROW
from .placing import places
from .points import activation_entry, add_points
from .qdq import Rounded, store_weights, write_rounding
from .rounding import codes_of, weight_entry
from .targets import targets_of, tell_left_out
from .toolkit import quantization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Artifact, Context, Layer, Quantize
    from onnx import ModelProto
    from torch import fx, nn

_BATCH = 16
#: Scales along an axis came to DequantizeLinear with this version.
_OPSET = 13
_ALL_BITS, _NARROW_BITS = 8, 7


def quantize(
    model: Artifact, step: Quantize, context: Context, name: str, layers: Sequence[Layer]
) -> StepOutcome:
    """Quantize `layers` and what lies beside them.

    Raises as `quantize.quantize` does.
    """
    graph = with_opset(read_graph(model), _OPSET)
    fold_batch_norms(graph)
    if step.train is not None:
        refuse_fixed_batch(graph)
    module = import_onnx(graph).eval()
    targets = targets_of(module, layers)
    weights = {one.layer.weight for one in targets}
    every = source_layers(context.network.path)
    where = places(graph, {layer.node for layer in every if layer.weight in weights})
    points = add_points(module, where.points)
    bits, whole = _bits(step, context), step.granularity == "tensor"
    entries = [
        weight_entry([one.module for one in targets], name, bits, whole=whole),
        activation_entry([*points], symmetric=bool(step.symmetric)),
    ]
    training = _compress(module, graph, entries, step, context, name=name)
    tensors = _ranges(module, points)
    codes = {
        one.layer.weight: (one.as_onnx(codes_of(module, one.module, name, bits)), one.layer)
        for one in targets
    }
    _unwrap(module)
    result = write_back(graph, module)
    store_weights(result, codes, tensors)
    moved = {new: tensors[old] for new, old in where.moved.items() if old in tensors}
    write_rounding(result, tensors | moved)
    quantize_last_bias(result)
    return StepOutcome(
        artifact=write_graph(result, context, "static"),
        epochs=training.epochs,
        warnings=(*tell_left_out(layers, targets), *about_int8(step, saturates=bits == _ALL_BITS)),
        approximations=(NARROW,) if step.weights == "int8" and bits == _NARROW_BITS else (),
    )


def _bits(step: Quantize, context: Context) -> int:
    narrow = step.weights == "int7" or context.settings.get("reduce_range", True)
    return _NARROW_BITS if narrow else _ALL_BITS


def _compress(
    module: fx.GraphModule,
    graph: ModelProto,
    entries: list[dict[str, Any]],
    step: Quantize,
    context: Context,
    *,
    name: str,
) -> Training:
    """Let NNI find its ranges, by calibrating or by training; the network stays wrapped."""

    def calibrate(network: nn.Module) -> float:
        _show(network, graph, context)
        return 0.0

    training = Training(module, run_in_job(graph, step.train, context), calibrate)
    arguments = context.settings.get("arguments", {})
    quantizer = getattr(quantization, f"{name}Quantizer")(
        module, entries, training.evaluator, **arguments
    )
    quantizer.compress(1, None)
    module.eval()
    return training


def _show(network: nn.Module, graph: ModelProto, context: Context) -> None:
    """Run the network on every calibration sample; DataError where there are none."""
    names = [item.name for item in graph.graph.input]
    with torch.no_grad():
        for inputs in calibration_batches(context, _BATCH):
            network(*(torch.from_numpy(inputs[name]) for name in names))


def _ranges(module: fx.GraphModule, points: dict[str, str]) -> dict[str, Rounded]:
    """Return how NNI rounds at its points, by tensor."""
    found = {}
    for point, tensor in points.items():
        wrapper: Any = module.get_submodule(point)._nni_wrapper  # noqa: SLF001 - as NNI hangs it
        space = wrapper.quantization_target_spaces["_output_0"]
        found[tensor] = Rounded(float(space.scale), round(float(space.zero_point)))
    return found


def _unwrap(module: fx.GraphModule) -> None:
    for part in [*module.modules()]:
        wrapper = getattr(part, "_nni_wrapper", None)
        if wrapper is not None:
            wrapper.unwrap()
