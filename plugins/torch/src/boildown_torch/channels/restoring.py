"""Take a module back to where it was before channels were removed from it."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import nn


class Saved:
    """The parameters, buffers and sizes that a module has now; the tensors are not copied.

    Removing channels makes new tensors, so the old ones stay what they are.
    """

    def __init__(self, module: nn.Module) -> None:
        """Remember."""
        self._parts = [
            (part, dict(vars(part)), dict(part._parameters), dict(part._buffers))  # noqa: SLF001
            for part in module.modules()
        ]
        owners: dict[int, list[tuple[nn.Module, str]]] = defaultdict(list)
        for part, _, parameters, _ in self._parts:
            for name, parameter in parameters.items():
                if parameter is not None:
                    owners[id(parameter)].append((part, name))
        self._shared = [places for places in owners.values() if len(places) > 1]

    def put_back(self) -> None:
        """Undo all that was done since."""
        for part, attributes, parameters, buffers in self._parts:
            vars(part).update(attributes)
            for held, old in ((part._parameters, parameters), (part._buffers, buffers)):  # noqa: SLF001
                held.clear()
                held.update(old)  # type: ignore[arg-type] # one of the two kinds each

    def tie(self) -> None:
        """Let modules that shared a parameter share it again, where it is still the same."""
        for (first, name), *others in self._shared:
            one = getattr(first, name)
            for other, its_name in others:
                same = getattr(other, its_name)
                if same.shape == one.shape and torch.equal(same, one):
                    setattr(other, its_name, one)
