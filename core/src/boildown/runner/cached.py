"""Compute a value once: kept in the cache under its key, read back as the same type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .store import Kind, Store

_VALUE = "value.json"
_Value = TypeVar("_Value")


def cached(
    store: Store,
    kind: Kind,
    key: str,
    wanted: type[BaseModel],
    compute: Callable[[Path], _Value],
    *,
    settled: Callable[[Any], bool] = lambda _: True,
) -> _Value:
    """Return the value of `key`; `compute(folder)` makes it and may leave files in `folder`.

    What `compute` returns is kept only if it is a `wanted` that is `settled`: a failure, or a value
    that tells of one, is tried anew next time.
    """
    with store.entry(kind, key) as entry:
        if entry.finished:
            try:
                kept: Any = wanted.model_validate_json((entry.folder / _VALUE).read_bytes())
                return cast("_Value", kept)
            except (OSError, ValidationError):
                pass  # written by another version of the value's type: compute it again
        value = compute(entry.folder)
        if isinstance(value, wanted) and settled(value):
            entry.write(_VALUE, value.model_dump_json(by_alias=True))
            entry.seal()
        return value
