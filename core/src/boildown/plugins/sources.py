"""Find models and datasets by URI: the scheme names the source plugin that provides them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pluggy

from ..data.manifest import DataManifest
from ..data.uris import parse_uri, unknown_scheme
from ..errors import UriError
from . import hookspecs
from .registry import load
from .values import Listing, ModelEntry

SOURCES = "boildown.sources"
#: Schemes of data that need no plugin.
BUILT_IN = ("images", "npz")


def schemes() -> list[str]:
    """Return the URI schemes of all installed sources; imports none of them."""
    return sorted({entry.name for entry in importlib.metadata.entry_points(group=SOURCES)})


def model_from_source(uri: str, workdir: Path, *, trust: bool = False) -> ModelEntry:
    """Return the model behind `scheme:…`; UriError where no source gives it.

    With `trust` the source may run code that the URI names.
    """
    hooks = _hooks(_scheme(uri))
    entry: ModelEntry | None = hooks.provide_model(uri=uri, workdir=workdir, trust=trust)
    if entry is None:
        raise UriError(f"{uri}: this source has no such model; see `boildown models`")
    return entry


def dataset_from_source(uri: str, workdir: Path) -> DataManifest:
    """Return the dataset behind `scheme:…`; UriError where no source gives it."""
    manifest: DataManifest | None = _hooks(_scheme(uri)).provide_dataset(uri=uri, workdir=workdir)
    if manifest is None:
        raise UriError(f"{uri}: this source has no such dataset; see `boildown datasets`")
    return manifest


def model_listings() -> Iterator[Listing]:
    """Yield what every installed source lists as models."""
    for scheme in schemes():
        for listings in _hooks(scheme).list_models():
            yield from listings


def dataset_listings() -> Iterator[Listing]:
    """Yield what every installed source lists as datasets."""
    for scheme in schemes():
        for listings in _hooks(scheme).list_datasets():
            yield from listings


def _scheme(uri: str) -> str:
    """Return the scheme of a URI, UriError where nothing provides it."""
    scheme = parse_uri(uri).scheme or ""
    if scheme not in schemes():
        raise unknown_scheme(scheme, [*schemes(), *BUILT_IN])
    return scheme


def _hooks(scheme: str) -> Any:  # noqa: ANN401 - pluggy's relay of hooks is untyped
    (entry, *_) = importlib.metadata.entry_points(group=SOURCES, name=scheme)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(load(entry), name=scheme)
    return manager.hook
