"""What a step says of layers that should have become narrower, in the same words everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import Warned

if TYPE_CHECKING:
    from collections.abc import Mapping

#: So many layers are named.
_TOLD = 5


def warn_of_kept_channels(
    kept_all: Mapping[str, str], kept_more: Mapping[str, str] | None = None
) -> tuple[Warned, ...]:
    """Return PARTIAL warnings for layers that keep all their channels, or more than asked.

    Both map the names of layers to the reason, as `Narrowed` does; nothing is said of no layers.
    """
    texts = {"keep all their channels": kept_all, "keep more channels than asked": kept_more or {}}
    return tuple(
        Warned(code="PARTIAL", text=f"{len(layers)} layers {what}: {_told(layers)}")
        for what, layers in texts.items()
        if layers
    )


def _told(layers: Mapping[str, str]) -> str:
    told = "; ".join(f"{name!r} {reason}" for name, reason in [*layers.items()][:_TOLD])
    return f"{told}; and {len(layers) - _TOLD} more" if len(layers) > _TOLD else told
