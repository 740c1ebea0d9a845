"""Zeros that grow while training: coremltools' MagnitudePruner.

Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression",
2017; n:m after Zhou and others, "Learning N:M fine-grained structured sparse neural networks from
scratch", 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import read_graph, selected_layers, steps_per_epoch, write_graph
from boildown_torch.importer import import_onnx, write_back
from boildown_torch.training import fit_in_job
from torch import nn

from ..package import input_channels, partial
from ..toolkit import silently
from .modules import CONVOLUTIONS, trainable
from .trained import Trained

with silently():
    from coremltools.optimize.torch.pruning import MagnitudePruner, MagnitudePrunerConfig

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Prune, Warned

_KINDS = (*CONVOLUTIONS, nn.Linear)
_POWERS = {"linear": 1, "cubic": 3}
#: Sparsity grows over this share of the training; then the weights that are left settle.
_RAMP = 0.5


def learn_zeros(model: Artifact, step: Prune, context: Context) -> Trained:
    """Train while the smallest weights become zero and stay so.

    Raises UnsupportedError where the network cannot be imported, DataError where there are no
    labelled train samples.
    """
    assert step.train is not None  # noqa: S101 - the reason why this was called
    graph = read_graph(model)
    with silently(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        module = import_onnx(graph)
        chosen, noted = _fitting(step, selected_layers(step, context))
        layers, warnings = trainable(module, chosen, _KINDS)
        steps = step.train.epochs * steps_per_epoch(context.data, step.train)
        ramp = 0 if step.schedule == "one-shot" else max(1, round(_RAMP * steps))
        settings = _settings(step, ramp)
        config = {"module_name_configs": dict.fromkeys(layers, settings)}
        pruner = MagnitudePruner(module, MagnitudePrunerConfig.from_dict(config))
        prepared = pruner.prepare(inplace=True)
        if step.schedule == "one-shot":
            pruner.step()
        fitted = fit_in_job(
            prepared,
            graph,
            step.train,
            context,
            after_step=lambda _: pruner.step(),
            settled_after=ramp,
        )
        done = pruner.finalize(inplace=True)
    artifact = write_graph(write_back(graph, done), context, "trained")
    return Trained(artifact, list(layers.values()), fitted.epochs, (*noted, *warnings))


def _fitting(step: Prune, layers: list[Layer]) -> tuple[list[Layer], tuple[Warned, ...]]:
    """Return the layers whose input channels n:m divides, and a warning of the others.

    coremltools fills a row that is no multiple of m up with zeros, and counts these.
    """
    if step.pattern is None:
        return layers, ()
    of = step.pattern[1]
    left = [layer.name for layer in layers if input_channels(layer) % of]
    why = f"their input channels are no multiple of {of}"
    warnings = partial(left, len(layers), "prune", why)
    return [layer for layer in layers if layer.name not in left], warnings


def _settings(step: Prune, ramp: int) -> dict[str, Any]:
    found: dict[str, Any] = {"scheduler": {"begin_step": 0}}
    if ramp:
        updates = list(range(ramp + 1))
        found = {"scheduler": {"update_steps": updates, "power": _POWERS[step.schedule]}}
    if step.pattern is not None:
        kept, of = step.pattern
        return found | {"n_m_ratio": (of - kept, of), "dim": 1}
    granularity = "per_channel" if step.structure == "filter" else "per_scalar"
    return found | {"target_sparsity": step.sparsity, "granularity": granularity}
