"""What lies in a folder of images: files, class folders, split folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ..errors import DataError
from .decode import SUFFIXES
from .manifest import SplitName
from .split_query import SPLIT_NAMES


@dataclass(frozen=True, slots=True)
class Found:
    """Images as sorted paths relative to the folder searched, and all other files."""

    images: tuple[str, ...]
    others: tuple[str, ...]


def find_images(folder: Path, *, deep: bool = True) -> Found:
    """Search a folder, with its sub-folders if `deep`; names with a leading dot are ignored.

    Links are followed wherever they lead (the images are the user's own), each folder once.

    Raises:
        DataError: A folder cannot be read, or a name is not UTF-8.
    """
    images: list[str] = []
    others: list[str] = []
    seen: set[str] = set()
    for where, folders, files in os.walk(folder, onerror=_unreadable, followlinks=True):
        seen.add(os.path.realpath(where))
        folders[:] = [
            name
            for name in folders
            if deep and name[0] != "." and os.path.realpath(Path(where, name)) not in seen
        ]
        base = Path(where).relative_to(folder)
        for name in files:
            if name[0] != ".":
                relative = _readable((base / name).as_posix(), folder)
                (images if Path(name).suffix.lower() in SUFFIXES else others).append(relative)
    return Found(tuple(sorted(images)), tuple(sorted(others)))


def sub_folders(folder: Path) -> list[str]:
    """List the names of the visible folders in `folder`, sorted as torchvision sorts classes."""
    try:
        return sorted(
            _readable(entry.name, folder)
            for entry in os.scandir(folder)
            if entry.is_dir() and entry.name[0] != "."
        )
    except OSError as error:
        _unreadable(error)


def split_folders(folder: Path) -> dict[SplitName, Path] | None:
    """Return the folders of the splits if `folder` is laid out so, else None.

    A folder is laid out in splits if all its sub-folders are named like splits. A class may
    be named like a split ("train" beside "bus"), as long as it holds images and no folders.

    Raises:
        DataError: Split folders and others stand side by side.
    """
    names = sub_folders(folder)
    named = [name for name in names if name in SPLIT_NAMES]
    others = [name for name in names if name not in SPLIT_NAMES]
    if not named:
        return None
    if others:
        if not any(sub_folders(folder / name) for name in named):
            return None
        raise DataError(
            f"the folder {folder} holds splits ({', '.join(named)}) and other folders "
            f"({', '.join(others[:5])}) side by side; move the others away, "
            "or give one of the splits as its own dataset"
        )
    if "test" in named and "val" in named:
        named.remove("val")
    return {SPLIT_NAMES[name]: folder / name for name in named}


def _unreadable(error: OSError) -> NoReturn:
    raise DataError(f"the folder {error.filename} cannot be read ({error.strerror})") from error


def _readable(name: str, folder: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode(errors="replace")
        raise DataError(f"the name {shown!r} in {folder} is not UTF-8; rename it") from error
    return name
