"""The packages of the extra `photos`: whether they are installed, and where their files lie.

None of them is imported here: listing must be quick, and foolbox and PyTorch take seconds.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from boildown import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable

INSTALL = "pip install 'boildown-zoo[photos]'"


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of the import names `packages` that are not installed."""
    return [name for name in packages if _origin(name) is None]


def require(uri: str, packages: Iterable[str]) -> None:
    """Raise UnsupportedError, with the line that installs them, if one of `packages` is missing."""
    absent = missing(packages)
    if absent:
        raise UnsupportedError(
            f"{uri} needs {', '.join(absent)}, not installed here; try `{INSTALL}`"
        )


def remark(packages: Iterable[str]) -> str:
    """Return what a listing adds where one of `packages` is missing, else nothing."""
    return f"; not installed, try `{INSTALL}`" if missing(packages) else ""


def folder_of(package: str) -> Path:
    """Return where an installed package lies."""
    origin = _origin(package)
    if origin is None:
        raise UnsupportedError(f"{package} is not installed; try `{INSTALL}`")
    return Path(origin).parent


def _origin(package: str) -> str | None:
    # A mere folder of that name, such as one of the user's own, has no origin.
    spec = find_spec(package)
    return None if spec is None else spec.origin
