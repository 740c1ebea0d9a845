"""Zero weights little by little while the network trains: linear and cubic schedules.

The sparsity grows over the first half of the training (Zhu and Gupta, "To prune, or not to
prune", 2017, likewise stop well before its end); the other half makes up for it. Masks are made
anew as the sparsity grows, and put back behind every step of the optimizer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import (
    StepOutcome,
    Warned,
    read_graph,
    selected_layers,
    sparsity_at,
    steps_per_epoch,
    unchanged,
    write_graph,
)

from ..importer import import_onnx, weight_places, write_back
from ..offers.prune import LAYERS
from ..training import MovementScores, fit_in_job
from ..zeros import keep_zeros
from .scoring import Evidence, kept

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Prune
    from torch import Tensor, fx

#: Masks are made anew at most so many times.
_UPDATES = 100


def zero_while_training(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Train the network while its sparsity grows to that of the step, exactly as much.

    Raises UnsupportedError where the batch is fixed or the network cannot be imported, DataError
    where there are no labelled train samples.
    """
    assert step.train is not None  # noqa: S101 - a schedule needs training
    chosen = selected_layers(step, context)
    graph = read_graph(model)
    module = import_onnx(graph)
    places = weight_places(module)
    layers = [layer for layer in chosen if layer.op in LAYERS and layer.weight in places]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    steps = step.train.epochs * steps_per_epoch(context.data, step.train)
    ramp = _Ramp(module, layers, step, context.seed, steps=(steps + 1) // 2)
    zeros = keep_zeros(module)

    def after_step(number: int) -> None:
        ramp.after_step(number)
        zeros(number)

    fitted = fit_in_job(
        module,
        graph,
        step.train,
        context,
        after_backward=ramp.after_backward,
        after_step=after_step,
        settled_after=ramp.steps,
    )
    artifact = write_graph(write_back(graph, module), context, "pruned")
    left = [layer.name for layer in chosen if layer not in layers]
    warnings = (Warned(code="PARTIAL", text=_told(left)),) if left else ()
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=warnings)


class _Ramp:
    """The masks, and how they grow."""

    def __init__(
        self, module: fx.GraphModule, layers: list[Layer], step: Prune, seed: int, *, steps: int
    ) -> None:
        self.steps = steps
        self._module, self._layers, self._step, self._seed = module, layers, step, seed
        places = weight_places(module)
        self._places = {layer.weight: places[layer.weight] for layer in layers}
        parameters = {
            path: module.get_parameter(path) for at in self._places.values() for path, _ in at
        }
        self._learned = _learned(step, parameters)
        self._masks: dict[str, Tensor] = {}

    def after_backward(self, number: int) -> None:
        """Take note of the gradients, where the criterion asks for them."""
        if self._learned is not None:
            self._learned.accumulate(number)

    def after_step(self, number: int) -> None:
        """Make masks for the sparsity that holds from the next step on, and put them back."""
        done = number + 1
        every = max(self.steps // _UPDATES, 1)
        if done <= self.steps and (done % every == 0 or done == self.steps):
            self._renew(done)
        for path, mask in self._masks.items():
            self._module.get_parameter(path).masked_fill_(~mask, 0.0)

    def _renew(self, done: int) -> None:
        sparsity = sparsity_at(
            done, final=self._step.sparsity or 0.0, schedule=self._step.schedule, steps=self.steps
        )
        weights = [self._as_onnx(layer, self._values()) for layer in self._layers]
        scores = {} if self._learned is None else self._learned.scores
        scored = self._layers if scores else []
        learned = {layer.weight: self._as_onnx(layer, scores) for layer in scored}
        masks = kept(
            self._layers, weights, self._step, sparsity, Evidence(self._seed, learned=learned)
        )
        for layer, mask in zip(self._layers, masks, strict=True):
            for path, turned in self._places[layer.weight]:
                self._masks[path] = mask.T if turned else mask

    def _values(self) -> dict[str, Tensor]:
        return {
            path: self._module.get_parameter(path).detach()
            for at in self._places.values()
            for path, _ in at
        }

    def _as_onnx(self, layer: Layer, values: dict[str, Tensor]) -> Tensor:
        """Return numbers of a weight's first place as ONNX has them."""
        path, turned = self._places[layer.weight][0]
        return values[path].T if turned else values[path]


class _Effects:
    """First-order effects on the loss, |gradient · weight|, added up over training."""

    def __init__(self, weights: dict[str, torch.nn.Parameter]) -> None:
        self._weights = weights
        self.scores = {path: torch.zeros_like(weight) for path, weight in weights.items()}

    @torch.no_grad()
    def accumulate(self, _step: int) -> None:
        for path, weight in self._weights.items():
            if weight.grad is not None:
                self.scores[path] += (weight * weight.grad).abs()


def _learned(
    step: Prune, parameters: dict[str, torch.nn.Parameter]
) -> MovementScores | _Effects | None:
    if step.criterion == "movement":
        return MovementScores(parameters)
    return _Effects(parameters) if step.criterion == "taylor" else None


def _told(left: list[str]) -> str:
    return f"weights of these layers cannot be pruned while training, and stay: {', '.join(left)}"
