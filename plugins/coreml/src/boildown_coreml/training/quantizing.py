"""Quantization-aware training by coremltools' LinearQuantizer, on the grid that the file gets.

Jacob and others, "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", 2018. coremltools rounds more than an ML Program does: what a
layer gives, also where no layer reads it, with weights in 256 steps around 0 and ranges of weights
that lag behind. Here only what a layer reads is rounded, and weights as the file stores them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import UnsupportedError, fold_batch_norms, read_graph, selected_layers, write_graph
from boildown_torch.importer import example_inputs, import_onnx
from boildown_torch.training import fit_in_job
from torch import nn

from ..chain import code_bits, has_one_scale
from ..toolkit import silently
from .modules import CONVOLUTIONS, trainable
from .trained import Trained, tensors_of, with_numbers

with silently():
    from coremltools.optimize.torch.quantization import LinearQuantizer, LinearQuantizerConfig

if TYPE_CHECKING:
    from collections.abc import Collection

    from boildown import Artifact, Context, Layer, Quantize
    from torch import fx

    from ..calibrating import Range

_KINDS = (*CONVOLUTIONS, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)


#: Name of a layer -> range of what it reads, where activations are rounded.
Learned = dict[str, "Range"]


def learn_to_round(model: Artifact, step: Quantize, context: Context) -> tuple[Trained, Learned]:
    """Train with weights, and what layers read where asked, rounded as the file will have them.

    The weights themselves are not rounded yet. Batch norms are folded before, as Core ML has them.
    Raises UnsupportedError where the network cannot be imported or prepared, DataError where there
    are no labelled train samples.
    """
    assert step.train is not None  # noqa: S101 - the reason why this was called
    graph = read_graph(model)
    fold_batch_norms(graph)
    with silently(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        module = import_onnx(graph)
        layers, warnings = trainable(module, selected_layers(step, context), _KINDS)
        tensors = tensors_of(module)
        quantizer = LinearQuantizer(module, _config(step, module, layers, context))
        try:
            prepared = quantizer.prepare(example_inputs=example_inputs(graph), inplace=True)
        except Exception as error:  # torch.fx and coremltools raise whatever they run into
            line = " ".join(str(error).split())[:400]
            raise UnsupportedError(
                f"coremltools cannot prepare this network for training: {line}"
            ) from error
        _round_what_layers_read(prepared, layers)
        _round_weights_as_stored(prepared, code_bits(step))
        fitted = fit_in_job(prepared, graph, step.train, context)
    artifact = write_graph(with_numbers(graph, tensors), context, "trained")
    trained = Trained(artifact, list(layers.values()), fitted.epochs, warnings)
    return trained, _ranges(prepared, layers)


def _config(
    step: Quantize, module: nn.Module, layers: Collection[str], context: Context
) -> LinearQuantizerConfig:
    """Return coremltools' settings; of those by module it only heeds the ones that say no."""
    settings = {
        "weight_dtype": f"q{step.weights}",
        "weight_per_channel": not has_one_scale(step, context.steps),
        "activation_dtype": "quint8" if step.activations == "int8" else "float32",
        "quantization_scheme": "symmetric",
    }
    others = [name for name, part in module.named_modules() if isinstance(part, _KINDS)]
    left = dict.fromkeys(name for name in others if name not in layers)
    return LinearQuantizerConfig.from_dict({"global_config": settings, "module_name_configs": left})


def _round_what_layers_read(prepared: fx.GraphModule, layers: Collection[str]) -> None:
    """Take out every rounding of activations but those right in front of the layers."""
    for node in list(prepared.graph.nodes):
        if not _is_rounding(prepared, node):
            continue
        for user in list(node.users):
            if user.op != "call_module" or user.target not in layers:
                user.replace_input_with(node, node.args[0])
        if not node.users:
            prepared.graph.erase_node(node)
    prepared.graph.lint()
    prepared.recompile()


def _is_rounding(prepared: fx.GraphModule, node: fx.Node) -> bool:
    return node.op == "call_module" and hasattr(
        prepared.get_submodule(str(node.target)), "fake_quant_enabled"
    )


def _round_weights_as_stored(prepared: fx.GraphModule, bits: int) -> None:
    """Give weights codes of as many steps on both sides of 0, over their range of the moment."""
    for name, part in prepared.named_modules():
        if name.endswith("weight_fake_quant"):
            part.activation_post_process.averaging_constant = 1.0
            for owner in (part, part.activation_post_process):
                owner.quant_min = -(2 ** (bits - 1)) + 1


def _ranges(prepared: fx.GraphModule, layers: dict[str, Layer]) -> Learned:
    found: Learned = {}
    for node in prepared.graph.nodes:
        if node.op != "call_module" or node.target not in layers:
            continue
        before = node.args[0]
        if _is_rounding(prepared, before):
            grid: Any = prepared.get_submodule(before.target)
            scale, zero = float(grid.scale), int(grid.zero_point)
            ends = ((code - zero) * scale for code in (grid.quant_min, grid.quant_max))
            found[layers[node.target].name] = dict(zip(("rmin", "rmax"), ends, strict=True))
    return found
