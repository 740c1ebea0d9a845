"""ExecuTorch's quantizer for PT2E, told which layers to touch and how a step rounds.

The XNNPACK delegate computes in integers what this quantizer marks, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer_utils import QuantizationConfig
from torchao.quantization.pt2e.quantizer import QuantizationAnnotation

from ..static.placing import PRODUCTS, float_ends, is_folded, rounded
from ..static.quantizer import module_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import fx

    from ..static.rounding import Rounding

_ATEN = torch.ops.aten
_CLAMPS = frozenset({_ATEN.hardtanh.default, _ATEN.hardtanh_.default})
_KEY = "quantization_annotation"


class PteQuantizer(XNNPACKQuantizer):  # type: ignore[misc]
    """Marks the products of some modules, and what lies beside them, for XNNPACK's int8."""

    def __init__(self, modules: Collection[str], rounding: Rounding, *, trains: bool) -> None:
        """Keep the modules to quantize, by path, and how their numbers are to be rounded."""
        super().__init__()
        self.modules = frozenset(modules)
        activation, weight = rounding
        self.set_global(QuantizationConfig(activation, activation, weight, None, trains))

    def annotate(self, model: fx.GraphModule) -> fx.GraphModule:
        """Mark the nodes of the graph, in place."""
        chosen = {
            node
            for node in model.graph.nodes
            if node.target in PRODUCTS and module_of(node) in self.modules
        }
        near, ends = rounded(chosen), float_ends(model.graph) - chosen
        left = {node for node in model.graph.nodes if node.target in PRODUCTS} - chosen
        self.set_filter_function(
            lambda node: node.op != "call_function" or (node in near and node not in left)
        )
        super().annotate(model)
        for node in model.graph.nodes:
            if node in ends:  # what pools or moves scores need not round them once more
                node.meta.pop(_KEY, None)
            if node.target in _CLAMPS:
                _round_behind(node)
        return model


def _round_behind(clamp: fx.Node) -> None:
    """Round what a clamp gives instead of what it is given, as is done with ReLU.

    XNNPACK's kernels of products clamp their own results; the range of 8 bits is spent on what is
    left. Its int8 sums do not: behind them a clamp is one more rounding.
    """
    source = clamp.all_input_nodes[0]
    is_product = source.target in PRODUCTS or is_folded(source)
    marked = source.meta.get(_KEY) if is_product else None
    if marked is None or marked.output_qspec is None or len(source.users) > 1:
        return
    clamp.meta[_KEY] = QuantizationAnnotation(output_qspec=marked.output_qspec, _annotated=True)
    marked.output_qspec = None
