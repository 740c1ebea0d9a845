"""Shared values that are trained: coremltools' DKMPalettizer.

Cho and others, "DKM: Differentiable k-means clustering layer for neural network compression", 2022.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import UnsupportedError, fold_batch_norms, read_graph, selected_layers, write_graph
from boildown_torch.importer import import_onnx
from boildown_torch.training import fit_in_job
from torch import nn

from ..chain import index_bits
from ..toolkit import silently
from .modules import CONVOLUTIONS, trainable
from .trained import Trained, tensors_of, with_numbers

with silently():
    from coremltools.optimize.torch.palettization import DKMPalettizer, DKMPalettizerConfig

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context

_KINDS = (*CONVOLUTIONS, nn.Linear)
#: Ways to share values that are coremltools' own, of which training has none.
_UNTRAINED = ("mode", "cluster_dim", "per_channel_scale")


def learn_values(model: Artifact, step: Cluster, context: Context) -> Trained:
    """Train values that the weights of a layer, or so many channels of it, share.

    Batch norms are folded before, since they would give each channel values of its own. Raises
    UnsupportedError where the network cannot be imported, DataError where there are no labelled
    train samples.
    """
    assert step.train is not None  # noqa: S101 - the reason why this was called
    if given := [name for name in _UNTRAINED if name in context.settings]:
        raise UnsupportedError(f"{', '.join(given)}: not while training; leave it out, or `train`")
    graph = read_graph(model)
    fold_batch_norms(graph)
    with silently(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        module = import_onnx(graph)
        layers, warnings = trainable(module, selected_layers(step, context), _KINDS)
        tensors = tensors_of(module)
        settings: dict[str, Any] = {
            "n_bits": index_bits(step.count),
            "cluster_dim": 1,
            "weight_threshold": 0,
        }
        if group := 1 if step.granularity == "channel" else context.settings.get("group_size"):
            settings |= {"granularity": "per_grouped_channel", "group_size": group}
        config = {"module_name_configs": dict.fromkeys(layers, settings)}
        palettizer = DKMPalettizer(module, DKMPalettizerConfig.from_dict(config))
        prepared = palettizer.prepare(inplace=True)
        fitted = fit_in_job(
            prepared, graph, step.train, context, after_step=lambda _: palettizer.step()
        )
        done = palettizer.finalize(inplace=True)
        tensors |= {f"{name}.weight": done.get_submodule(name).weight for name in layers}
    artifact = write_graph(with_numbers(graph, tensors), context, "trained")
    return Trained(artifact, list(layers.values()), fitted.epochs, warnings)
