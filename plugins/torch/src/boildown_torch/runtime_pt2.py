"""Run a `.pt2` file in PyTorch, as it is, on this computer's CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import read_graph

from .quiet import quietly

if TYPE_CHECKING:
    from boildown import Artifact, Context


class Pt2Runtime:
    """A loaded program; it takes every batch size that the source takes."""

    def __init__(self, deployable: Artifact, context: Context) -> None:
        """Load `deployable`; the number of threads is one for the whole process."""
        source = read_graph(context.original).graph
        self.inputs = [item.name for item in source.input]
        self.outputs = [item.name for item in source.output]
        torch.set_num_threads(context.threads)
        with quietly():
            self.module = torch.export.load(deployable.path).module()

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name; `inputs` hold any number of samples, NCHW, batch first."""
        given = [torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in self.inputs]
        with torch.inference_mode():
            found = self.module(*given)
        made = found if isinstance(found, tuple) else (found,)
        return {name: tensor.numpy() for name, tensor in zip(self.outputs, made, strict=True)}
