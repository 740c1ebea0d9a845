"""The entry point of the scheme `torchvision:`: networks of torchvision, by name.

Neither PyTorch nor torchvision is imported here: the network is made in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import Listing, ModelEntry, hookimpl, parse_uri, refuse_unknown_keys

from .process import made

if TYPE_CHECKING:
    from pathlib import Path

SCHEME = "torchvision"
_KEYS = ("weights", "num_classes", "size")


@hookimpl
def provide_model(uri: str, workdir: Path) -> ModelEntry | None:
    """Return the network that `uri` names, such as `torchvision:resnet50?weights=r50.pth`."""
    asked = parse_uri(uri)
    if asked.scheme != SCHEME:
        return None
    refuse_unknown_keys(asked, _KEYS)
    return made(asked, uri, workdir)


@hookimpl
def list_models() -> list[Listing]:
    """Say how networks are named; which there are, torchvision itself knows."""
    return [
        Listing(
            uri=f"{SCHEME}:NAME?weights=FILE",
            description="a classification network of torchvision.models (resnet50, …) with a state"
            " dict; without `weights` random numbers, for size and speed",
            licence="BSD-3-Clause (torchvision); the weights' own",
        )
    ]
