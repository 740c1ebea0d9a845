"""The datasets that need no plugin: `images:DIR`, `npz:FILE`, and plain paths to either."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from ..files import NO_SPACE
from .arrays import npz_dataset
from .images import images_dataset
from .manifest import DataManifest
from .uris import Uri, parse_uri

#: Schemes of the core itself.
SCHEMES = ("images", "npz")


def local_dataset(uri: str, workdir: Path) -> DataManifest | None:
    """Return the dataset on this computer that `uri` names; None for schemes of plugins.

    A plain path is a folder of images or an .npz file. Index files go below `workdir`.

    Raises:
        UriError: The URI is malformed.
        DataError: Nothing is there, or what is there is broken or cannot be read.
    """
    parsed = parse_uri(uri)
    try:
        return _found(parsed, workdir)
    except OSError as error:
        if error.errno in NO_SPACE:  # for the index, which lies in the cache
            raise
        raise DataError(f"the data {uri} cannot be read: {error.strerror}") from error


def _found(parsed: Uri, workdir: Path) -> DataManifest | None:
    if parsed.scheme == "images":
        return images_dataset(parsed, workdir)
    if parsed.scheme == "npz":
        return npz_dataset(parsed)
    if parsed.scheme is not None:
        return None
    path = Path(parsed.path).expanduser()
    if path.is_dir():
        return images_dataset(parsed, workdir)
    if path.suffix.lower() == ".npz":
        return npz_dataset(parsed)
    problem = "is neither a folder of images nor an .npz file" if path.exists() else "is missing"
    raise DataError(f"the data {path} {problem}; write images:FOLDER, npz:FILE or a plugin's URI")
