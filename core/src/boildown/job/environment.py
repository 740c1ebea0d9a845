"""What is installed behind a backend: versions and sources, as they go into the cache's key."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..artifact import file_digest

#: Parts of the core that only show results, so that a better table does not redo any work.
_SHOWS_ONLY = ("cli", "report")
_OURS = re.compile(r"boildown(-|$)")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


def digest(parts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data as hexadecimal text, independent of the order of keys."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, allow_nan=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def environment(distributions: Iterable[str], package: str = "") -> dict[str, Any]:
    """Return the interpreter, the versions and the sources behind `boildown` and distributions.

    `package` is a plugin's own, which may be called otherwise than its distribution.
    """
    versions = installed_closure(("boildown", *sorted(distributions)))
    packages = (name.replace("-", "_") for name in versions if _OURS.match(name))
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": versions,
        "sources": {name: source_digest(name) for name in {*packages, package} - {""}},
    }


@cache
def installed_closure(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return the version of every installed distribution that `names` require, themselves too.

    Markers and extras are ignored: a distribution too many costs at most a lost cache entry.
    """
    found: dict[str, str] = {}
    waiting = [_normal(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            # Each access to `metadata`, `version` or `requires` parses the whole file anew.
            metadata = importlib.metadata.distribution(name).metadata
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = metadata["Version"]
        for requirement in metadata.get_all("Requires-Dist") or ():
            match = _NAME.match(requirement)
            if match:
                waiting.append(_normal(match.group()))
    return dict(sorted(found.items()))


@cache
def source_digest(package: str) -> str:
    """Return the SHA-256 over all files of a top-level package or module, without importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # __main__, of an interpreter that reads lines
        return ""
    if spec is None or not spec.submodule_search_locations:
        return file_digest(Path(spec.origin)) if spec and spec.has_location and spec.origin else ""
    root = Path(next(iter(spec.submodule_search_locations)))
    files = sorted(p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in _SHOWS_ONLY)
    return digest({p.relative_to(root).as_posix(): file_digest(p) for p in files})


def look_anew() -> None:
    """Forget sources and versions: a plugin may be edited between two runs of one notebook."""
    source_digest.cache_clear()
    installed_closure.cache_clear()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
