"""Pruning by NNI: masks are made at once or while training, baked in, and channels removed.

What is pruned at once and trained behind is trained without NNI, where channels were removed on
the smaller network; the others train with their masks on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import (
    StepOutcome,
    UnsupportedError,
    Warned,
    read_graph,
    refuse_fixed_batch,
    selected_layers,
    steps_per_epoch,
    unchanged,
    warn_of_kept_channels,
    write_graph,
)
from boildown_torch.importer import example_inputs, import_onnx, write_back

from .baking import bake, masks_of, silence_norms
from .channels import only_ends, propagate_shapes, shrink, staying
from .effects import batches_shown, show
from .evaluating import Training
from .fitting import fit_keeping_zeros
from .offers.layers import LAYERS
from .pruners import (
    TRAINED,
    Length,
    arguments_of,
    class_of,
    configuration,
    make_pruner,
    settled_after,
)
from .targets import targets_of, tell_left_out
from .toolkit import silently
from .zeros import score_zeros_least

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boildown import Artifact, Context, Fitted, Layer, Prune
    from boildown_torch.training import Objective
    from onnx import ModelProto
    from torch import fx, nn

    from .baking import Masks

#: So many layers are named.
_NAMED = 8
#: Samples on which the masked network and the narrow one must agree.
_COMPARED = 8


def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero weights or filters of the selected layers, or remove their channels.

    NNI rounds the number of what goes down, layer by layer.

    Raises UnsupportedError where the network cannot be imported, has a fixed batch and is to be
    trained, or no channels can be removed; DataError where labelled train samples are missing.
    """
    chosen = selected_layers(step, context)
    layers = [layer for layer in chosen if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    name = class_of(step, context.settings)
    graph = read_graph(model)
    if step.train is not None:
        refuse_fixed_batch(graph)
    with silently(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        work = _Pruning(graph, layers, step, context)
        module = work.run(name)
        artifact = write_graph(write_back(graph, module), context, "pruned")
    return StepOutcome(
        artifact=artifact,
        epochs=work.fitted.epochs if work.fitted is not None else 0,
        warnings=work.warnings,
    )


class _Pruning:
    """One network that is pruned, and what is found out on the way."""

    fitted: Fitted | None = None

    def __init__(
        self, graph: ModelProto, layers: Sequence[Layer], step: Prune, context: Context
    ) -> None:
        self._graph, self._step, self._context = graph, step, context
        self._module = import_onnx(graph)
        self._removes = step.structure == "channel"
        targets = targets_of(self._module, layers)
        #: Module → name of the layer that it is.
        self._names = {target.module: target.layer.name for target in targets}
        self.warnings = tell_left_out(layers, targets)

    def run(self, name: str) -> fx.GraphModule:
        """Prune by the class `name`, and train where the step says so."""
        self._hold_back()
        masks = self._masked(name)
        if self._removes:
            self._remove(masks)
        if self._step.train is not None and self.fitted is None:
            self.fitted = fit_keeping_zeros(
                self._module, self._graph, self._step.train, self._context
            )
        return self._module

    def _remove(self, masks: Masks) -> None:
        names = [self._names[layer] for layer in masks]
        wanted = {layer: _rows_left(targets["weight"]) for layer, targets in masks.items()}
        before = {layer: len(targets["weight"]) for layer, targets in masks.items()}
        if wanted == before:
            told = "this share is less than one channel of every layer"
            self.warnings += (Warned(code="NOTE", text=told),)
            return
        inputs = example_inputs(self._graph, _COMPARED)
        self._module = shrink(self._module, masks, inputs, names)
        now = {layer: len(self._module.get_parameter(f"{layer}.weight")) for layer in masks}
        reason = "has channels that ModelSpeedup could not take out of the layers that share them"
        more = {self._names[layer]: reason for layer in masks if now[layer] > wanted[layer]}
        every = {name for layer, name in self._names.items() if now.get(layer) == before.get(layer)}
        self.warnings += warn_of_kept_channels(
            {name: reason for name in more if name in every},
            {name: reason for name in more if name not in every},
        )

    def _hold_back(self) -> None:
        """Leave out the layers that cannot lose channels, and tell why."""
        self._module.eval()
        if not self._removes:
            return
        propagate_shapes(self._module, example_inputs(self._graph))
        reasons = staying(self._module, self._names)
        told = {self._names[path]: reason for path, reason in reasons.items()}
        ends = {self._names[path] for path in only_ends(reasons)}
        self._names = {path: name for path, name in self._names.items() if path not in reasons}
        if not self._names:
            text = "; ".join(f"{name!r} {reason}" for name, reason in [*told.items()][:_NAMED])
            raise UnsupportedError(f"NNI can remove no channels of this network: {text}")
        kept = {name: reason for name, reason in told.items() if name not in ends}
        self.warnings += warn_of_kept_channels(kept)

    def _masked(self, name: str) -> Masks:
        """Let NNI make its masks, and return them baked in."""
        step, context = self._step, self._context
        while_training = step.schedule != "one-shot" or name in TRAINED
        length = self._length(while_training=while_training, effects=name == "Taylor")
        arguments = arguments_of(name, step, length, context.settings.get("arguments", {}))
        pruner: Any = None

        def run(
            model: nn.Module, behind_each_batch: Callable[[], None], objective: Objective
        ) -> Fitted | None:
            if not while_training:
                show(model, behind_each_batch, objective, self._graph, context)
                return None
            assert step.train is not None  # noqa: S101 - negotiated

            score_zeros_least(model)

            def after_step(_number: int) -> None:
                behind_each_batch()
                if self._removes:
                    silence_norms(self._module, masks_of(pruner))

            return fit_keeping_zeros(
                model,
                self._graph,
                step.train,
                context,
                objective=objective,
                after_step=after_step,
                settled_after=settled_after(arguments),
            )

        needs = while_training or name == "Taylor"
        training = Training(self._module, run) if needs else None
        entries = configuration(self._module, [*self._names], step)
        pruner = make_pruner(
            name, self._module, entries, training=training, step=step, arguments=arguments
        )
        # Those that make their masks once know for themselves how long that takes.
        pruner.compress(*(() if step.schedule == "one-shot" else (length.steps, None)))
        self.fitted = training.fitted if training is not None else None
        return bake(self._module, pruner)

    def _length(self, *, while_training: bool, effects: bool) -> Length:
        step, context = self._step, self._context
        if while_training:
            assert step.train is not None  # noqa: S101 - negotiated
            steps = step.train.epochs * steps_per_epoch(context.data, step.train)
            # As Zhu and Gupta do, training goes on behind the ramp to make up for it.
            return Length(steps, (steps + 1) // 2)
        shown = batches_shown(context) if effects else 1
        return Length(shown, shown)


def _rows_left(mask: torch.Tensor) -> int:
    return int(mask.flatten(1).amax(1).sum())
