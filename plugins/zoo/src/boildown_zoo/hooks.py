"""The entry point: the networks and the images of the zoo, by URI.

Nothing is downloaded here: files stay where they were installed. What the extra `photos` brings
is told apart in `photos`, and listed whether it is installed or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import DataManifest, Listing, ModelEntry, hookimpl

from . import dataset, networks
from .photos import dataset as photos
from .photos import network as photo_network
from .uris import SCHEME, check, requested

if TYPE_CHECKING:
    from pathlib import Path

_SPLITS = {dataset.DATASET: tuple(dataset.COUNTS), photos.DATASET: photos.SPLITS}


@hookimpl
def provide_model(uri: str, workdir: Path) -> ModelEntry | None:
    """Return the network that `uri` names, such as `zoo:mobilenet_v2`."""
    request = requested(uri)
    if request is None:
        return None
    check(request, "model", request.name, (*networks.NETWORKS, photo_network.NAME))
    for key in request.parameters:
        check(request, "parameter", key, ())
    if request.name == photo_network.NAME:
        return photo_network.model_entry(workdir)
    return networks.model_entry(request.name)


@hookimpl
def provide_dataset(uri: str, workdir: Path) -> DataManifest | None:
    """Return `zoo:fashion-mnist` or `zoo:photos`, or with `?split=test` and the like that alone."""
    request = requested(uri)
    if request is None:
        return None
    check(request, "dataset", request.name, _SPLITS)
    for key, value in request.parameters.items():
        check(request, "parameter", key, ("split",))
        check(request, "split", value, _SPLITS[request.name])
    split = request.parameters.get("split")
    if request.name == photos.DATASET:
        return photos.manifest(split, workdir)
    return dataset.manifest(split)


@hookimpl
def list_models() -> list[Listing]:
    """List every network with its accuracy."""
    ours = [
        Listing(
            uri=f"{SCHEME}:{name}",
            description=networks.description(name),
            licence=networks.LICENCE,
        )
        for name in networks.NETWORKS
    ]
    other = Listing(
        uri=f"{SCHEME}:{photo_network.NAME}",
        description=photo_network.description(),
        licence=photo_network.LICENCE,
    )
    return [*ours, other]


@hookimpl
def list_datasets() -> list[Listing]:
    """List both datasets."""
    return [
        Listing(
            uri=f"{SCHEME}:{dataset.DATASET}",
            description=dataset.DESCRIPTION,
            licence=dataset.LICENCE,
        ),
        Listing(
            uri=f"{SCHEME}:{photos.DATASET}",
            description=photos.description(),
            licence=photos.LICENCE,
        ),
    ]
