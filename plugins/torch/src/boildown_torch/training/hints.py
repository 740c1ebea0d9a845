"""Hints: maps inside student and teacher that are to agree, with 1x1 adapters between widths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.utils.hooks import RemovableHandle

#: Hints are taken at the ends of these quarters of the network, counted in common layers.
QUARTERS = 4
_MAP_AXES = 4


class Hints:
    """Listens to a few layers of both networks, equally named and of equal map size."""

    def __init__(self, student: nn.Module, teacher: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Choose layers by running both once; their maps are (N, C, H, W) or (N, …, C)."""
        seen = _shapes(student, inputs), _shapes(teacher, inputs)
        common = [name for name in seen[0] if _fit(seen[0][name], seen[1].get(name))]
        # The last common layer is next to the output, which the soft targets teach already.
        places = sorted({len(common) * quarter // QUARTERS for quarter in range(1, QUARTERS)})
        self.names = [common[place] for place in places if common]
        if not self.names:
            raise UnsupportedError(
                "`hints` need layers of equal name and map size in student and teacher, and there "
                "are none; leave `hints` out, or take a student of the same graph (`width`)"
            )
        self._adapters = nn.ModuleList(
            _adapter(seen[0][name], seen[1][name]) for name in self.names
        )
        self._heard: tuple[dict[str, Tensor], dict[str, Tensor]] = ({}, {})
        nets = (student, teacher)
        self._handles = [
            _listen(net.get_submodule(name), name, heard)
            for net, heard in zip(nets, self._heard, strict=True)
            for name in self.names
        ]

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield the weights of the adapters."""
        return self._adapters.parameters()

    def loss(self) -> Tensor:
        """Return the mean relative squared distance of what was heard last, and forget it."""
        student, teacher = self._heard
        parts = []
        for name, adapter in zip(self.names, self._adapters, strict=True):
            wanted = teacher.pop(name).detach()
            scale = wanted.square().mean().clamp_min(torch.finfo(wanted.dtype).tiny)
            parts.append((adapter(student.pop(name)) - wanted).square().mean() / scale)
        return torch.stack(parts).mean()

    def detach(self) -> None:
        """Stop listening."""
        for handle in self._handles:
            handle.remove()


def _shapes(net: nn.Module, inputs: tuple[Tensor, ...]) -> dict[str, torch.Size]:
    """Return the output shapes of layers with weights, in the order in which they run."""
    heard: dict[str, Tensor] = {}
    handles = [
        _listen(part, name, heard)
        for name, part in net.named_modules()
        if not [*part.children()] and any(p.dim() > 1 for p in part.parameters())
    ]
    try:
        net(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return {name: tensor.shape for name, tensor in heard.items()}


def _listen(part: nn.Module, name: str, heard: dict[str, Tensor]) -> RemovableHandle:
    def hear(_part: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            heard[name] = output

    return part.register_forward_hook(hear)


def _fit(student: torch.Size, teacher: torch.Size | None) -> bool:
    """Tell whether two maps differ in their number of channels at most."""
    if teacher is None or len(student) != len(teacher):
        return False
    axis = _channel_axis(student)
    return all(a == b for i, (a, b) in enumerate(zip(student, teacher, strict=True)) if i != axis)


def _channel_axis(shape: torch.Size) -> int:
    return 1 if len(shape) == _MAP_AXES else len(shape) - 1


def _adapter(student: torch.Size, teacher: torch.Size) -> nn.Module:
    axis = _channel_axis(student)
    narrow, wide = student[axis], teacher[axis]
    if narrow == wide:
        return nn.Identity()
    if len(student) == _MAP_AXES:
        return nn.Conv2d(narrow, wide, 1, bias=False)
    return nn.Linear(narrow, wide, bias=False)
