"""Run a `.pte` file in ExecuTorch's own runtime on this computer's CPU."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import UnsupportedError, hushed, read_graph

from .quiet import quietly

# Whoever measures imports this module first, so that loading is the model's time alone.
with hushed(), quietly():
    from executorch.extension.pybindings import portable_lib
    from executorch.runtime import Runtime as Library

if TYPE_CHECKING:
    from boildown import Artifact, Context

_POOL = threading.Lock()


class PteRuntime:
    """A loaded program; batches of any size go through it in the pieces that it takes."""

    def __init__(self, deployable: Artifact, context: Context) -> None:
        """Load `deployable`; the thread pool is one for the whole process."""
        source = read_graph(context.original).graph
        self.inputs = [item.name for item in source.input]
        self.outputs = [item.name for item in source.output]
        with hushed(), _POOL:
            if portable_lib._threadpool_get_thread_count() != context.threads:  # noqa: SLF001 - its only setter
                portable_lib._unsafe_reset_threadpool(context.threads)  # noqa: SLF001 - the same
            self._program = Library.get().load_program(deployable.path)
            method = self._program.load_method("forward")
        if method is None:
            raise UnsupportedError(f"{deployable.path.name} has no method 'forward'")
        self._method = method
        self.batch = int(method.metadata.input_tensor_meta(0).sizes()[0])

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name; `inputs` hold any number of samples, NCHW, batch first.

        A program takes batches of a fixed size, mostly 1; the last piece is filled up with
        copies of its last sample, whose results are dropped.
        """
        given = [np.ascontiguousarray(inputs[name]) for name in self.inputs]
        total = len(given[0])
        pieces = [
            self._method.execute(tuple(self._piece(array, start) for array in given))
            for start in range(0, total, self.batch)
        ]
        return {
            name: np.concatenate([piece[place].numpy() for piece in pieces])[:total]
            for place, name in enumerate(self.outputs)
        }

    def _piece(self, array: np.ndarray, start: int) -> torch.Tensor:
        piece = array[start : start + self.batch]
        missing = self.batch - len(piece)
        if missing:
            piece = np.concatenate([piece, np.repeat(piece[-1:], missing, axis=0)])
        return torch.from_numpy(piece)
