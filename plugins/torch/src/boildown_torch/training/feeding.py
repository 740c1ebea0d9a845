"""How batches reach a module: tensors in the order of its arguments, in the layout it runs fastest.

CPUs train convolutional networks faster with channels last in memory; shapes stay NCHW and the
numbers the same but for rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from boildown import Batch, DataError
from torch import Tensor, nn

if TYPE_CHECKING:
    import numpy as np

_IMAGE_AXES = 4


class Feed:
    """Turns batches into tensors for one module."""

    def __init__(self, names: Sequence[str] | None, layout: torch.memory_format) -> None:
        """Feed the inputs `names` in this order; None: the only one that the data have."""
        self._names = names
        self._layout = layout

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return one tensor for each argument of the module.

        Raises:
            DataError: The data have other inputs than the module.
        """
        given = batch.inputs
        names = [*given] if self._names is None else self._names
        if [*given] == ["*"] and len(names) == 1:
            names = ["*"]
        if set(given) != set(names) or (self._names is None and len(names) != 1):
            wants = "one input" if self._names is None else f"the inputs {list(names)}"
            raise DataError(
                f"the model has {wants}, the data give {list(given)}; name the data's arrays "
                "like the model's inputs"
            )
        return tuple(self._laid_out(_tensor(given[name])) for name in names)

    def labels(self, batch: Batch) -> Tensor | None:
        """Return int64 labels of shape (N,), or None."""
        return None if batch.labels is None else _tensor(batch.labels)

    def _laid_out(self, tensor: Tensor) -> Tensor:
        if tensor.dim() != _IMAGE_AXES:
            return tensor
        return tensor.contiguous(memory_format=self._layout)


def layout_among(inputs: Sequence[Tensor]) -> torch.memory_format:
    """Return the layout in which images come."""
    images = [tensor for tensor in inputs if tensor.dim() == _IMAGE_AXES]
    last = all(image.is_contiguous(memory_format=torch.channels_last) for image in images)
    return torch.channels_last if last else torch.contiguous_format


@contextmanager
def laid_out(module: nn.Module, layout: torch.memory_format) -> Iterator[None]:
    """Keep a module's weights in this layout while the context is open; they are contiguous after.

    Parameters stay the same objects.
    """
    if layout == torch.contiguous_format:
        yield
        return
    try:
        module.to(memory_format=layout)  # type: ignore[call-overload]
        yield
    finally:
        module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]


def first_output(output: object) -> Tensor:
    """Return what the objective judges: a module's only output, or the first of several.

    Raises:
        DataError: The module gives something else.
    """
    found = output
    if isinstance(found, Mapping):
        found = next(iter(found.values()), None)
    elif isinstance(found, (tuple, list)):
        found = found[0] if found else None
    if not isinstance(found, Tensor):
        raise DataError(f"a module gave {type(output).__name__}; training needs a tensor")
    return found


def _tensor(array: np.ndarray) -> Tensor:
    # torch warns of memory that it could write to and must not.
    return torch.from_numpy(array if array.flags.writeable else array.copy())
