"""Where activations are rounded: at the layers to quantize and at what lies beside them.

ONNX Runtime computes in integers what stands between DequantizeLinear and QuantizeLinear; one
tensor left in float32 (an addition, a concatenation) costs two conversions and a float kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import fx

_ATEN = torch.ops.aten
#: Operators that hold weights and have integer kernels.
PRODUCTS = frozenset(
    {
        _ATEN.conv1d.default, _ATEN.conv2d.default, _ATEN.conv3d.default,
        _ATEN.conv1d.padding, _ATEN.conv2d.padding, _ATEN.conv3d.padding,
        _ATEN.linear.default,
    }
)  # fmt: skip
#: Activations that vanish in the rounding of what they give.
BOUNDS = frozenset(
    {
        _ATEN.relu.default, _ATEN.relu_.default, _ATEN.relu6.default, _ATEN.hardtanh.default,
        _ATEN.hardtanh_.default, _ATEN.clamp.default,
    }
)  # fmt: skip
SUMS = frozenset({_ATEN.add.Tensor, _ATEN.add_.Tensor})
_CONVOLUTIONS = frozenset(op for op in PRODUCTS if "conv" in str(op))
#: Operators whose result needs a scale of its own.
MIXERS = SUMS | frozenset(
    {
        _ATEN.mul.Tensor, _ATEN.mul_.Tensor,
        _ATEN.cat.default, _ATEN.sigmoid.default, _ATEN.leaky_relu.default,
        _ATEN.adaptive_avg_pool2d.default, _ATEN.avg_pool2d.default, _ATEN.mean.dim,
    }
)  # fmt: skip
#: Operators that only choose and move numbers, so that the scale of their input holds.
MOVERS = frozenset(
    {
        _ATEN.max_pool2d.default, _ATEN.flatten.using_ints, _ATEN.view.default,
        _ATEN.reshape.default, _ATEN.permute.default, _ATEN.transpose.int,
        _ATEN.squeeze.dim, _ATEN.squeeze.dims, _ATEN.unsqueeze.default, _ATEN.slice.Tensor,
        _ATEN.select.int, _ATEN.expand.default,
    }
)  # fmt: skip
_BETWEEN = BOUNDS | MIXERS
#: They keep the order of scores, and have no integer kernel.
_SCORES = frozenset({_ATEN.softmax.int, _ATEN.log_softmax.int})


def moves(node: fx.Node) -> bool:
    """Tell whether a node only chooses and moves numbers, or adds zeros, which every scale has."""
    if node.target != _ATEN.pad.default:
        return node.target in MOVERS
    _data, _pads, mode, value = (*node.args, "constant", None)[:4]
    return mode != "constant" or not value


def inputs(node: fx.Node) -> list[fx.Node]:
    """Return the real-valued tensors that a node takes, weights aside."""
    alone = node.target in PRODUCTS or is_folded(node)
    given = node.all_input_nodes[: 1 if alone else None]
    return [item for item in given if is_real(item)]


def is_folded(node: fx.Node) -> bool:
    """Tell whether a batch norm belongs to the convolution before it, as in training."""
    if node.target != _ATEN.batch_norm.default:
        return False
    source = node.all_input_nodes[0]
    return source.target in _CONVOLUTIONS and len(source.users) == 1


def is_real(node: object) -> bool:
    """Tell whether a node gives one tensor of float32."""
    value = getattr(node, "meta", {}).get("val")
    return isinstance(value, torch.Tensor) and value.dtype == torch.float32


def rounded(chosen: set[fx.Node]) -> set[fx.Node]:
    """Return the chosen nodes and those beside them, over any number of nodes that qualify."""
    near, waiting = set(chosen), list(chosen)
    while waiting:
        node = waiting.pop()
        for other in (*inputs(node), *node.users):
            if (
                (other.target in _BETWEEN or moves(other) or is_folded(other))
                and other not in near
                and is_real(other)
            ):
                near.add(other)
                waiting.append(other)
    return near


def float_ends(graph: fx.Graph) -> set[fx.Node]:
    """Return what gives the outputs of the graph, and what it is only moved from.

    Rounded outputs have equal scores and wrong winners. A convolution keeps its rounding, since
    its integer kernel has no other result.
    """
    ends: set[fx.Node] = set()
    waiting = list(graph.output_node().all_input_nodes)
    while waiting:
        node = waiting.pop()
        if len(node.users) != 1 or "conv" in str(node.target):
            continue
        ends.add(node)
        if moves(node) or node.target in _SCORES:
            waiting.append(node.all_input_nodes[0])
    return ends
