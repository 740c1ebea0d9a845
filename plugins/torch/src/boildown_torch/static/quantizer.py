"""A quantizer for PT2E that marks what ONNX Runtime has integer kernels for.

torchao's X86InductorQuantizer fuses convolutions with additions, which ONNX Runtime does not: it
leaves one convolution for each residual addition in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchao.quantization.pt2e.quantizer import (
    QuantizationAnnotation,
    Quantizer,
    SharedQuantizationSpec,
)

from .placing import BOUNDS, PRODUCTS, SUMS, float_ends, inputs, is_folded, moves, rounded

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import fx
    from torchao.quantization.pt2e.quantizer import QuantizationSpec

#: Operators that ONNX Runtime computes together with an activation behind them.
_BOUNDABLE = PRODUCTS | SUMS
_KEY = "quantization_annotation"


def module_of(node: fx.Node) -> str:
    """Return the path of the module that a node of an exported graph comes from."""
    stack = node.meta.get("nn_module_stack") or {}
    return str([*stack.values()][-1][0]) if stack else ""


class OrtQuantizer(Quantizer):  # type: ignore[misc]
    """Marks the products of some modules, and what lies beside them, for int8."""

    def __init__(
        self, modules: Collection[str], activation: QuantizationSpec, weight: QuantizationSpec
    ) -> None:
        """Keep the modules to quantize, by path, and how their numbers are to be rounded."""
        super().__init__()
        self.modules, self.activation, self.weight = frozenset(modules), activation, weight

    def annotate(self, model: fx.GraphModule) -> fx.GraphModule:
        """Mark the nodes of the graph, in place."""
        chosen = {
            node
            for node in model.graph.nodes
            if node.target in PRODUCTS and module_of(node) in self.modules
        }
        near, ends = rounded(chosen), float_ends(model.graph)
        for node in model.graph.nodes:
            if node in near:
                node.meta[_KEY] = self._annotation(node, near, unrounded=node in ends)
        return model

    def validate(self, model: fx.GraphModule) -> None:
        """Nothing is left to check: what is not marked stays float32."""

    def _annotation(
        self, node: fx.Node, near: set[fx.Node], *, unrounded: bool
    ) -> QuantizationAnnotation:
        sources = dict.fromkeys(inputs(node), self.activation)
        if node.target in PRODUCTS:
            sources[node.args[1]] = self.weight
        if is_folded(node) or (node.target in BOUNDS and _is_bounded(node, near)):
            sources = {}
        if unrounded or (_is_boundable(node) and _only_bounded(node)):
            output = None
        elif moves(node):
            output = SharedQuantizationSpec((node.all_input_nodes[0], node))
        else:
            output = self.activation
        return QuantizationAnnotation(input_qspec_map=sources, output_qspec=output, _annotated=True)


def _only_bounded(node: fx.Node) -> bool:
    """Tell whether nothing but an activation that vanishes in the rounding reads a node."""
    users = list(node.users)
    return bool(users) and all(user.target in BOUNDS or is_folded(user) for user in users)


def _is_bounded(node: fx.Node, near: set[fx.Node]) -> bool:
    source = node.all_input_nodes[0]
    return source in near and _is_boundable(source) and _only_bounded(source)


def _is_boundable(node: fx.Node) -> bool:
    return node.target in _BOUNDABLE or is_folded(node)
