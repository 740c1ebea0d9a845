"""Try what happens when channels are removed, and keep it only where it stands.

torch-pruning follows gradients, so it cannot see that a slice, a split or a reshape with constant
lengths counts channels. What it makes is therefore compared with the network in which the same
channels are masked, and written back into the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError
from torch import Tensor

from ..importer import example_inputs, write_back
from .coupling import Coupled, coupled, trace
from .masking import masked
from .restoring import Saved

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from onnx import ModelProto
    from torch import fx

#: Greatest difference from the masked network, relative to the greatest output.
_TOLERANCE = 1e-4
#: Length of an axis that is open besides the batch.
_OPEN = 8


class Trial:
    """A module of which channels can be removed, by root, and put back."""

    def __init__(self, module: fx.GraphModule, source: ModelProto) -> None:
        """Trace a module that was imported from `source`, and leave it in evaluation mode.

        Raises UnsupportedError where torch-pruning cannot follow it.
        """
        self._module, self._source = module.eval(), source
        self._inputs = example_inputs(source, length=_OPEN)
        self._saved = Saved(module)
        self._graph = trace(module, self._inputs)

    def groups(self) -> list[Coupled]:
        """Return all groups of channels, whether they can be removed or not."""
        return list(coupled(self._graph))

    def problem(self, cuts: Mapping[str, list[int]]) -> str:
        """Remove output channels of roots with all that share them; say what stands in the way.

        Where something does, the module is as it was; where nothing does, the text is empty.
        """
        try:
            with torch.no_grad():
                with masked(self._graph, [self._group(*cut) for cut in cuts.items()]):
                    wanted = self._outputs()
                for cut in cuts.items():
                    self._group(*cut).prune()
                self._saved.tie()
                found = self._outputs()
            problem = _difference(wanted, found)
            if not problem:
                write_back(self._source, self._module)
        except UnsupportedError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - a network taken apart may raise anything
            problem = f"what is left of the network does not fit together ({error})"
        if problem:
            self.put_back()
        return problem

    def put_back(self) -> None:
        """Give the module its channels back."""
        self._saved.put_back()
        self._graph = trace(self._module, self._inputs)

    def _group(self, root: str, places: list[int]) -> Any:  # noqa: ANN401 - torch-pruning's
        layer = self._module.get_submodule(root)
        cut = self._graph.get_pruner_of_module(layer).prune_out_channels
        return self._graph.get_pruning_group(layer, cut, places)

    def _outputs(self) -> list[Tensor]:
        # Not by calling it: fx would write where it fails to standard error.
        outputs = self._module.forward(*self._inputs)
        return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def _difference(wanted: list[Tensor], found: list[Tensor]) -> str:
    for one, other in zip(wanted, found, strict=True):
        if one.shape != other.shape:
            return f"an output of shape {tuple(one.shape)} would have {tuple(other.shape)}"
        distance = (one - other).abs().max() / one.abs().max().clamp_min(1e-12)
        if not distance <= _TOLERANCE:
            return f"the network would not compute with the channels that stay ({distance:.1e} off)"
    return ""
