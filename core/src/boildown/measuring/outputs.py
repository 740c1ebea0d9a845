"""Run one target over a split and store its outputs, batch by batch, whatever the split's size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..data.batches import batches, filled
from ..errors import DataError, PluginError
from .requests import ModelIO, Outputs, OutputsRequest
from .runtimes import batch_of, import_runtime, open_target

if TYPE_CHECKING:
    from pathlib import Path

    from ..data.manifest import Batch
    from ..plugins.values import Runtime

Say = Callable[[dict[str, Any]], None]


def run_outputs(request: OutputsRequest, say: Say) -> Outputs:
    """Carry out the request; raises what the runtime raises, DataError where data does not fit."""
    split = request.data.splits[request.split]
    n = min(len(split), request.limit or len(split))
    import_runtime(request.target)
    runtime = open_target(request.target)
    size = batch_of(runtime, request.io) or request.batch_size
    request.folder.mkdir(parents=True, exist_ok=True)
    done = non_finite = 0
    with ExitStack() as files:
        stores = [
            files.enter_context(_Store(request.folder / f"output{index}.npy", n, np.float32))
            for index in range(len(request.outputs))
        ]
        labels = files.enter_context(_Store(request.folder / "labels.npy", n, np.int64))
        # In the order of the outputs, whatever the order of the data.
        truths = [name for name in request.outputs if name in split.truths]
        truth_stores = [
            files.enter_context(_Store(request.folder / f"truth{index}.npy", n, np.float64))
            for index in range(len(truths))
        ]
        for batch in batches(request.data, request.split, size, limit=n):
            arrays = _run(runtime, batch, size, request)
            for store, array in zip(stores, arrays, strict=True):
                store.append(array)
            if batch.labels is not None:
                labels.append(batch.labels)
            for name, store in zip(truths, truth_stores, strict=True):
                store.append(batch.truths[name])
            done += len(arrays[0])
            non_finite += _non_finite(arrays)
            say({"done": done, "total": n, "text": request.target.name})
    if done != n:
        raise DataError(f"{request.data.uri}: {n} test samples were announced but {done} came")
    return Outputs(
        folder=request.folder,
        names=request.outputs,
        n=n,
        labelled=labels.rows == n,
        truths=tuple(truths),
        non_finite=non_finite,
        batch=size,
    )


def bound_inputs(given: Mapping[str, np.ndarray], io: ModelIO) -> dict[str, np.ndarray]:
    """Give a batch the model's input names; the one input `*` fits a model with one input."""
    names = [port.name for port in io.inputs]
    if [*given] == ["*"] and len(names) == 1:
        return {names[0]: given["*"]}
    if set(given) != set(names):
        raise DataError(
            f"the model has the inputs {names}, the data gives {list(given)}; name the data's "
            f"arrays like the model's inputs"
        )
    return {name: given[name] for name in names}


def _run(runtime: Runtime, batch: Batch, size: int, request: OutputsRequest) -> list[np.ndarray]:
    """Return the wanted outputs of one batch; a short last batch is filled up and cut again."""
    inputs = bound_inputs(batch.inputs, request.io)
    rows = len(next(iter(inputs.values())))
    fixed = batch_of(runtime, request.io) is not None
    if fixed and rows < size:
        inputs = {name: filled(array, size) for name, array in inputs.items()}
    found = runtime.run(inputs)
    missing = [name for name in request.outputs if name not in found]
    if missing:
        raise PluginError(
            f"the runtime of {request.target.name!r} gave the outputs {sorted(found)} but the "
            f"source calls them {list(request.outputs)}"
        )
    return [_checked(found[name], name, size if fixed else rows)[:rows] for name in request.outputs]


def _checked(array: np.ndarray, name: str, rows: int) -> np.ndarray:
    if array.ndim == 0 or len(array) != rows:
        raise DataError(
            f"output {name!r} has shape {array.shape} for a batch of {rows}: its first axis must "
            f"be the batch"
        )
    return array


def _non_finite(arrays: list[np.ndarray]) -> int:
    finite = np.ones(len(arrays[0]), dtype=bool)
    for array in arrays:
        finite &= np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    return int((~finite).sum())


class _Store:
    """Writes rows to an `.npy` file of known length, so that nothing piles up in memory."""

    def __init__(self, path: Path, n: int, dtype: type[np.generic]) -> None:
        self._path, self._n, self._dtype = path, n, np.dtype(dtype)
        self._shape: tuple[int, ...] | None = None
        self._stream: BinaryIO | None = None
        self.rows = 0

    def __enter__(self) -> _Store:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def append(self, rows: np.ndarray) -> None:
        """Write `rows`; DataError if they are shaped unlike the rows before."""
        if self._stream is None or self._shape is None:
            self._shape = rows.shape[1:]
            self._stream = self._path.open("wb")
            header = {
                "descr": self._dtype.str,
                "fortran_order": False,
                "shape": (self._n, *self._shape),
            }
            np.lib.format.write_array_header_1_0(self._stream, header)
        if rows.shape[1:] != self._shape:
            raise DataError(
                f"the output changes its shape from sample to sample: {self._shape}, then "
                f"{rows.shape[1:]}; outputs of one shape are needed to compare models"
            )
        self._stream.write(np.ascontiguousarray(rows, dtype=self._dtype).tobytes())
        self.rows += len(rows)
