"""Channels that go for good: which layers may lose some, and NNI's ModelSpeedup, checked.

ModelSpeedup infers from masks and noise what can be left out, so what it makes is compared with
the masked network and refused where it is another.
"""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any

import torch
from boildown import UnsupportedError
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from .baking import Masks, silence_norms
from .toolkit import ModelSpeedup, dependency

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAR = 1e-4
#: Of noise. What is the same in all samples counts as constant: a few suffice for large maps, and
#: maps of one number need many, since a bound (ReLU6) makes a quarter of the noise equal.
_NUMBERS, _FEWEST, _MOST = 2**19, 3, 32
#: So many layers are named.
_NAMED = 8
_MATRIX = 2
_ENDS = "puts out the results"


def propagate_shapes(module: fx.GraphModule, inputs: tuple[Tensor, ...]) -> None:
    """Write down the shape of every value in the graph, which NNI's analysis reads."""
    with torch.no_grad():
        ShapeProp(module).propagate(*inputs)


def staying(module: fx.GraphModule, layers: Mapping[str, str]) -> dict[str, str]:
    """Return which of `layers` (module → name) must keep their channels → why.

    Those are layers that put out the results or a sequence, and all that share channels with a
    layer that keeps its own. Shapes must stand in the graph.
    """
    ends = _output_layers(module)
    reasons = dict.fromkeys(ends, _ENDS)
    for name in layers:
        if name not in reasons and not _has_channels(module, name):
            reasons[name] = "is no 2-D convolution and no product of vectors, which NNI can follow"
    for group in dependency.build_channel_dependency(module):
        names = {str(node.target) for node in group}
        held = sorted(name for name in names if name in reasons or name not in layers)
        for name in names - set(reasons):
            if held and name in layers:
                other = layers.get(held[0], held[0])
                reasons[name] = f"shares its channels with {other!r}, which keeps them"
    return {name: reason for name, reason in reasons.items() if name in layers}


def only_ends(reasons: Mapping[str, str]) -> set[str]:
    """Return the layers that keep their channels because the network puts them out."""
    return {name for name, reason in reasons.items() if reason == _ENDS}


def shrink(
    module: fx.GraphModule, masks: Masks, inputs: tuple[Tensor, ...], names: list[str]
) -> fx.GraphModule:
    """Return `module`, whose masks are baked in, without what they mask.

    Raises UnsupportedError, with the names of the layers, where NNI fails or the outputs differ
    from those of the masked network by more than a ten-thousandth of their scale.
    """
    silence_norms(module, masks)
    module.eval()
    with torch.no_grad():
        wanted = _outputs(module(*inputs))
    narrow = copy.deepcopy(module)
    narrow.meta = module.meta
    own = {layer: dict(targets) for layer, targets in masks.items()}  # ModelSpeedup alters them
    errors = _Errors()
    logger = logging.Logger("boildown_nni.speedup", logging.ERROR)  # noqa: LOG001 - seen by no one
    logger.addHandler(errors)
    try:
        ModelSpeedup(
            narrow, inputs, own, batch_size=_batch(inputs), graph_module=narrow, logger=logger
        ).speedup_model()
        narrow.eval()
        with torch.no_grad():
            found = _outputs(narrow(*inputs))
    except Exception as error:  # ModelSpeedup raises anything at all
        told = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise _refused(names, told) from error
    problem = errors.first or _difference(wanted, found)
    if problem:
        raise _refused(names, problem)
    return narrow


class _Errors(logging.Handler):
    """Keeps what ModelSpeedup only logs: that it has left a module as it was."""

    first = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or record.getMessage().split(", you could")[0]


def _output_layers(module: fx.GraphModule) -> set[str]:
    """Return the layers that an output is reached from with no other layer in between."""
    found, seen = set(), set()
    waiting = [node for node in module.graph.nodes if node.op == "output"]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.op == "call_module" and hasattr(module.get_submodule(str(node.target)), "weight"):
            part = module.get_submodule(str(node.target))
            if isinstance(part, (nn.Linear, nn.modules.conv._ConvNd)):  # noqa: SLF001 - all of them
                found.add(str(node.target))
                continue
        waiting += node.all_input_nodes
    return found


def _has_channels(module: fx.GraphModule, name: str) -> bool:
    part = module.get_submodule(name)
    if isinstance(part, nn.Conv2d):
        return True
    nodes = [node for node in module.graph.nodes if str(node.target) == name]
    return isinstance(part, nn.Linear) and all(
        len(node.meta["tensor_meta"].shape) == _MATRIX for node in nodes
    )


def _batch(inputs: tuple[Tensor, ...]) -> int:
    """Return how many samples of noise ModelSpeedup looks at, all of whose activations it keeps."""
    largest = max(tensor[0].numel() for tensor in inputs)
    return min(max(_NUMBERS // largest, _FEWEST), _MOST)


def _outputs(given: Any) -> list[Tensor]:
    return [given] if isinstance(given, Tensor) else list(given)


def _difference(wanted: list[Tensor], found: list[Tensor]) -> str:
    for want, have in zip(wanted, found, strict=True):
        if want.shape != have.shape:
            return f"an output of shape {tuple(want.shape)} has become {tuple(have.shape)}"
        far = float((want - have).abs().max() / want.abs().max().clamp_min(1e-12))
        if far > _FAR:
            return (
                f"the outputs differ by {far:.1e} of their scale from those of the masked network"
            )
    return ""


def _refused(names: list[str], problem: str) -> UnsupportedError:
    listed = ", ".join(repr(name) for name in sorted(names)[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return UnsupportedError(
        f"NNI's ModelSpeedup cannot remove channels of {listed}{more}: {problem}"
    )
