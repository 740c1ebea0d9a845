"""A network like another with a share of its channels: the student that a width asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from .choosing import asked, choose
from .classes import END, FIXED, staying
from .follow import follow
from .settling import settle_lengths
from .writing import write_narrower

if TYPE_CHECKING:
    from onnx import ModelProto

    from .classes import Ids
    from .flow import Flow

#: So many reasons are told.
_TOLD = 8


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A narrower model, and how much narrower its layers are, by name."""

    model: ModelProto
    #: Layer that has lost output channels -> how many it had and how many it has.
    channels: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: Layer that was to lose some and has lost none -> why.
    kept_all: dict[str, str] = field(default_factory=dict)
    #: Layer that has lost some, but fewer than it was to -> how many, and why.
    kept_more: dict[str, str] = field(default_factory=dict)
    #: Layers whose channels are the network's outputs, and therefore stay.
    ends: set[str] = field(default_factory=set)


def narrow(source: ModelProto, width: float) -> Narrowed:
    """Return a normalised model with the share `width` (0 to 1) of every layer's output channels.

    The channels of greatest L2 norm stay, over the weights of all layers that share them. Where
    channels cannot go without changing what the others compute, they stay, and `kept_all` says
    so. The narrower model computes what the source computes with the same channels set to 0
    wherever they are put out, and left out of layer norms. The source is left alone.

    Raises:
        UnsupportedError: No layer can lose any channel, however small `width` is; layers are
            named with the reason.
        ValueError: `width` is not between 0 and 1.
    """
    if not 0 < width < 1:
        raise ValueError(f"width is {width}; a share of the channels is above 0 and below 1")
    settled = settle_lengths(source)
    flow = follow(settled)
    stays = choose(flow, width)
    found = Narrowed(write_narrower(settled, flow, stays))
    for layer in flow.layers:
        _note(found, layer, flow, stays, width)
    if stays.all() and choose(flow, 0).all():
        raise UnsupportedError(_nothing(found))
    return found


def _note(found: Narrowed, layer: str, flow: Flow, stays: Ids, width: float) -> None:
    """Say what has become of one layer."""
    ids = flow.layers[layer]
    had, now = len(ids), int(staying(ids, stays).sum())
    wanted, reasons = asked(had, width), _reasons(flow, ids)
    if now < had:
        found.channels[layer] = (had, now)
        if had - now < wanted:
            why = reasons[0] if reasons else "shares its channels with layers that keep theirs"
            found.kept_more[layer] = f"keeps {now} of {had} channels and not {had - wanted}: {why}"
    elif END in reasons:
        found.ends.add(layer)
    elif reasons:
        found.kept_all[layer] = reasons[0]
    elif len(np.unique(flow.classes.roots(ids))) == 1:
        found.kept_all[layer] = "has one channel in each of its groups"
    elif wanted:
        found.kept_all[layer] = "shares its channels with layers that have lost their share"


def _reasons(flow: Flow, ids: Ids) -> list[str]:
    """Return why some of these channels must stay."""
    if (ids == FIXED).all():
        return ["has filters of its own for channels that stay"]
    roots = np.unique(flow.classes.roots(ids)).tolist()
    return [reason for root in roots if (reason := flow.classes.reason(root))]


def _nothing(found: Narrowed) -> str:
    reasons = [f"{name!r} {reason}" for name, reason in found.kept_all.items()]
    reasons += [f"{name!r} {END}" for name in sorted(found.ends)]
    told = "; ".join(reasons[:_TOLD]) or "no layer has channels that others take in"
    more = f"; and {len(reasons) - _TOLD} more" if len(reasons) > _TOLD else ""
    return f"no channels can be removed from this network: {told}{more}"
