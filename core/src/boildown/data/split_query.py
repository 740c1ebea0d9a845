"""`?split=NAME` of a dataset's URI: use this one split and leave the others alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from ..errors import DataError, UriError
from .manifest import SplitName
from .uris import Uri

#: All splits, in the order in which they are listed.
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
#: Word in a URI -> split. `val` is what ImageNet and others call the images to test on.
SPLIT_NAMES: dict[str, SplitName] = {
    "train": "train",
    "calibration": "calibration",
    "test": "test",
    "val": "test",
}


def chosen_splits(uri: Uri, present: Iterable[SplitName]) -> list[SplitName]:
    """Return the splits to use, in order: the one the URI asks for, else all that are present.

    Raises:
        UriError: The URI asks for a split of another name.
        DataError: The dataset lacks the split.
    """
    there = set(present)
    names = [name for name in SPLITS if name in there]
    if "split" not in uri.query:
        return names
    wanted = SPLIT_NAMES.get(uri.query["split"])
    if wanted is None:
        raise UriError(
            f"'{uri}': no split is called {uri.query['split']!r}; "
            f"write one of {', '.join(SPLIT_NAMES)}"
        )
    if wanted not in names:
        raise DataError(f"'{uri}' has no split {wanted}; it has {', '.join(names) or 'none'}")
    return [wanted]
