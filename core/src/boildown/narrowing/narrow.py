"""A network like another with a share of its channels: the student that a width asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..model.layers import source_layers
from .choosing import asked, choose
from .classes import END, FIXED
from .follow import follow
from .settling import settle_lengths
from .writing import write_narrower

if TYPE_CHECKING:
    from onnx import ModelProto

    from .flow import Flow

#: So many reasons are told.
_TOLD = 8


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A narrower model, and how much narrower its layers are, by name."""

    model: ModelProto
    #: Layer that has lost output channels -> how many it had and how many it has.
    channels: dict[str, tuple[int, int]]
    #: Layer that was to lose some and has lost none -> why.
    kept_all: dict[str, str]
    #: Layers whose channels are the network's outputs, and therefore stay.
    ends: set[str]


def narrow(source: ModelProto, width: float) -> Narrowed:
    """Return a normalised model with the share `width` (0 to 1) of every layer's output channels.

    The channels of greatest L2 norm stay, over the weights of all layers that share them. Where
    channels cannot go without changing what the others compute, they stay, and `kept_all` says
    so. The narrower model computes what the source computes with the same channels set to 0
    wherever they are put out, and left out of layer norms. The source is left alone.

    Raises:
        UnsupportedError: No layer can lose any channel; layers are named with the reason.
        ValueError: `width` is not between 0 and 1.
    """
    if not 0 < width < 1:
        raise ValueError(f"width is {width}; a share of the channels is above 0 and below 1")
    settled = settle_lengths(source)
    flow = follow(settled)
    stays = choose(flow, width)
    kept_all, ends = _kept(flow, stays, width)
    if stays.all() and (kept_all or ends):
        raise UnsupportedError(_nothing(kept_all, ends))
    model = write_narrower(settled, flow, stays)
    now = {layer.name: layer.shape[layer.axis] for layer in source_layers(model)}
    full = {layer.name: layer.shape[layer.axis] for layer in source_layers(source)}
    channels = {name: (count, now[name]) for name, count in full.items() if now[name] < count}
    return Narrowed(model=model, channels=channels, kept_all=kept_all, ends=ends)


def _kept(flow: Flow, stays: np.ndarray, width: float) -> tuple[dict[str, str], set[str]]:
    """Return the layers that keep all channels: those that were to lose some, and the ends."""
    kept: dict[str, str] = {}
    ends = set()
    for name, ids in flow.layers.items():
        free = ids[ids != FIXED]
        if not stays[free].all():
            continue
        roots = np.unique(flow.classes.roots(free)).tolist()
        reasons = [reason for root in roots if (reason := flow.classes.reason(root))]
        if END in reasons:
            ends.add(name)
        elif reasons:
            kept[name] = reasons[0]
        elif not roots:
            kept[name] = "takes in channels that stay, each with filters of its own"
        elif len(roots) == 1:
            kept[name] = "has one channel in each of its groups"
        elif asked(len(ids), width):
            kept[name] = "shares its channels with layers that have lost their share"
    return kept, ends


def _nothing(kept_all: dict[str, str], ends: set[str]) -> str:
    reasons = [f"{name!r} {reason}" for name, reason in kept_all.items()]
    reasons += [f"{name!r} {END}" for name in sorted(ends)]
    more = f"; and {len(reasons) - _TOLD} more" if len(reasons) > _TOLD else ""
    return f"no channels can be removed from this network: {'; '.join(reasons[:_TOLD])}{more}"
