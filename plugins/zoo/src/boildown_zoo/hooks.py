"""The entry point: the networks and the images of the zoo, by URI.

Nothing is loaded, copied or downloaded here: the files stay where they were installed.
"""

from __future__ import annotations

from boildown import DataManifest, Listing, ModelEntry, hookimpl

from . import dataset, networks
from .uris import SCHEME, check, requested


@hookimpl
def provide_model(uri: str) -> ModelEntry | None:
    """Return the network that `uri` names, such as `zoo:mobilenet_v2`."""
    request = requested(uri)
    if request is None:
        return None
    check(request, "model", request.name, networks.NETWORKS)
    for key in request.parameters:
        check(request, "parameter", key, ())
    return networks.model_entry(request.name)


@hookimpl
def provide_dataset(uri: str) -> DataManifest | None:
    """Return `zoo:fashion-mnist`, or with `?split=train` or `?split=test` that split alone."""
    request = requested(uri)
    if request is None:
        return None
    check(request, "dataset", request.name, (dataset.DATASET,))
    for key, value in request.parameters.items():
        check(request, "parameter", key, ("split",))
        check(request, "split", value, dataset.COUNTS)
    return dataset.manifest(request.parameters.get("split"))


@hookimpl
def list_models() -> list[Listing]:
    """List every network with its accuracy."""
    return [
        Listing(
            uri=f"{SCHEME}:{name}",
            description=networks.description(name),
            licence=networks.LICENCE,
        )
        for name in networks.NETWORKS
    ]


@hookimpl
def list_datasets() -> list[Listing]:
    """List the one dataset."""
    return [
        Listing(
            uri=f"{SCHEME}:{dataset.DATASET}",
            description=dataset.DESCRIPTION,
            licence=dataset.LICENCE,
        )
    ]
