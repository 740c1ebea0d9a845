"""The entry point of the scheme `torch:`: networks that the user's own code makes.

That code runs only where the user has said so (`--trust`), in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import Listing, ModelEntry, UriError, hookimpl, parse_uri, refuse_unknown_keys

from .process import made

if TYPE_CHECKING:
    from pathlib import Path

SCHEME = "torch"
_KEYS = ("weights", "shape")


@hookimpl
def provide_model(uri: str, workdir: Path, trust: bool) -> ModelEntry | None:  # noqa: FBT001 - as the hook
    """Return the network that `uri` names, such as `torch:package.module:factory`.

    Raises UriError without `trust`.
    """
    asked = parse_uri(uri)
    if asked.scheme != SCHEME:
        return None
    refuse_unknown_keys(asked, _KEYS)
    module, colon, factory = asked.path.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module.split("."), factory)):
        raise UriError(f"{uri}: write torch:package.module:factory?weights=x.safetensors")
    if not trust:
        raise UriError(
            f"{uri} runs the Python code of {module!r} on this computer; if you trust it, say so"
            " with --trust (in Python: trust=True). A recipe cannot say it"
        )
    return made(asked, uri, workdir)


@hookimpl
def list_models() -> list[Listing]:
    """Say how networks are named."""
    return [
        Listing(
            uri=f"{SCHEME}:PACKAGE.MODULE:FACTORY?weights=FILE&shape=3x224x224",
            description="what your function FACTORY() returns, a torch.nn.Module; needs --trust",
            licence="yours",
        )
    ]
