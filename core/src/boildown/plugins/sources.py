"""Find models and datasets by URI: the scheme names the source plugin that provides them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pluggy

from ..data.manifest import DataManifest
from ..data.uris import parse_uri
from ..errors import UriError
from ..nearest import did_you_mean
from . import hookspecs
from .registry import load
from .values import Listing, ModelEntry

SOURCES = "boildown.sources"


def schemes() -> list[str]:
    """Return the URI schemes of all installed sources; imports none of them."""
    return sorted({entry.name for entry in importlib.metadata.entry_points(group=SOURCES)})


def model_from_source(uri: str, workdir: Path) -> ModelEntry:
    """Return the model behind `scheme:…`; UriError where no source gives it."""
    entry: ModelEntry | None = _hooks(uri).provide_model(uri=uri, workdir=workdir)
    if entry is None:
        raise UriError(f"{uri}: this source has no such model; see `boildown models`")
    return entry


def dataset_from_source(uri: str, workdir: Path) -> DataManifest:
    """Return the dataset behind `scheme:…`; UriError where no source gives it."""
    manifest: DataManifest | None = _hooks(uri).provide_dataset(uri=uri, workdir=workdir)
    if manifest is None:
        raise UriError(f"{uri}: this source has no such dataset; see `boildown datasets`")
    return manifest


def model_listings() -> Iterator[Listing]:
    """Yield what every installed source lists as models."""
    for scheme in schemes():
        for listings in _hooks(f"{scheme}:").list_models():
            yield from listings


def dataset_listings() -> Iterator[Listing]:
    """Yield what every installed source lists as datasets."""
    for scheme in schemes():
        for listings in _hooks(f"{scheme}:").list_datasets():
            yield from listings


def _hooks(uri: str) -> Any:  # noqa: ANN401 - pluggy's relay of hooks is untyped
    scheme = parse_uri(uri).scheme or ""
    entries = list(importlib.metadata.entry_points(group=SOURCES, name=scheme))
    if not entries:
        known = [*schemes(), "images", "npz"]
        raise UriError(
            f"{uri}: nothing provides the scheme {scheme!r} (known: {', '.join(known)})"
            f"{did_you_mean(scheme, known)}"
        )
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(load(entries[0]), name=scheme)
    return manager.hook
