"""Weights of few bits that are trained: rounded on the way forward, real numbers on the way back.

Gradients go straight through the rounding (Bengio and others, 2013). From 2 bits on the steps are
learned too (LSQ, Esser and others, 2020); one bit is a sign times the mean size of the weights
(XNOR-Net, Rastegari and others, 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import (
    Codes,
    StepOutcome,
    about_one_bit,
    encode_weight,
    initializers,
    read_graph,
    selected_layers,
    store_codes,
    unchanged,
    write_graph,
)
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.utils import parametrize

from .importer import import_onnx, weight_places, write_back
from .training import fit_in_job
from .zeros import keep_zeros

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Quantize

OPERATORS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_LEAST_STEP = 1e-12


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Train the network with rounded weights, and store the codes that it ends with.

    Raises UnsupportedError where the batch is fixed or the network cannot be imported, DataError
    where there are no labelled train samples.
    """
    assert step.train is not None  # noqa: S101 - the reason why this was called
    layers = [layer for layer in selected_layers(step, context) if layer.op in OPERATORS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(OPERATORS)}")
    graph = read_graph(model)
    module = import_onnx(graph)
    tensors, places = initializers(graph), weight_places(module)
    rounders: dict[str, Rounder] = {}
    for layer in layers:
        weight = numpy_helper.to_array(tensors[layer.weight])
        for path, turned in places[layer.weight]:
            if layer.weight not in rounders:
                rounders[layer.weight] = Rounder(weight, step, layer.axis, turned=turned)
            owner, _, name = path.rpartition(".")
            parametrize.register_parametrization(
                module.get_submodule(owner), name, rounders[layer.weight]
            )
    fitted = fit_in_job(module, graph, step.train, context, after_step=keep_zeros(module))
    result = write_back(graph, module)
    found = initializers(result)
    store_codes(
        result,
        {
            layer.weight: _codes(
                numpy_helper.to_array(found[layer.weight]), rounders[layer.weight], layer
            )
            for layer in layers
        },
    )
    return StepOutcome(
        artifact=write_graph(result, context, "learned"),
        epochs=fitted.epochs,
        warnings=about_one_bit(step, context),
    )


class Rounder(nn.Module):
    """Rounds a weight to codes times a step; the step is trained from 2 bits on."""

    def __init__(self, weight: np.ndarray, step: Quantize, axis: int, *, turned: bool) -> None:
        """Begin with the step that suits the weight as it is; channels lie along `axis`.

        `weight` is ONNX's; `turned` where PyTorch's is transposed.
        """
        super().__init__()
        values, along = (weight.T, 1 - axis) if turned else (weight, axis)
        begun, self.turned = encode_weight(values, step, along), turned
        bits = int(step.weights.removeprefix("int"))
        self.most = 2 ** (bits - 1) - 1
        self.axes = tuple(place for place, n in enumerate(begun.scale.shape) if n == 1)
        scale = torch.from_numpy(np.array(begun.scale, np.float32, order="C"))
        self.scale = nn.Parameter(scale) if self.most else None
        # What a step gains is summed over all its weights (LSQ, section 2.2).
        self.share = (weight.size / scale.numel() * max(self.most, 1)) ** -0.5

    @property
    def worth(self) -> Tensor:
        """The step, above 0."""
        assert self.scale is not None  # noqa: S101 - only from 2 bits on
        worth: Tensor = self.scale.abs().clamp_min(_LEAST_STEP)
        return worth

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weight."""
        if self.scale is None:
            size = weight.abs().mean(self.axes, keepdim=True)
            signs = torch.where(weight < 0, -1.0, 1.0)
            return weight + (signs * size - weight).detach()
        worth = self.worth
        worth = (worth - worth * self.share).detach() + worth * self.share
        scaled = (weight / worth).clamp(-self.most, self.most)
        rounded: Tensor = (scaled + (scaled.round() - scaled).detach()) * worth
        return rounded


def _codes(weight: np.ndarray, rounder: Rounder, layer: Layer) -> Codes:
    """Return the codes of a weight that was rounded already, in ONNX's orientation."""
    if rounder.scale is None:
        axes = tuple(place for place in range(weight.ndim) if place != layer.axis)
        whole = len(rounder.axes) == weight.ndim
        scale = np.abs(weight).max(axis=None if whole else axes, keepdims=True)
        return Codes(np.where(weight < 0, np.int8(-1), np.int8(1)), scale)
    scale = rounder.worth.detach().numpy()
    scale = np.ascontiguousarray(scale.T if rounder.turned else scale)
    codes = np.rint(weight / scale).clip(-rounder.most, rounder.most).astype(np.int8)
    return Codes(codes, scale)
