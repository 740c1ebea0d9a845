"""Find the images of a dataset with their labels, and count what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from .class_files import read_labels
from .folders import find_images, split_folders, sub_folders
from .manifest import SplitName
from .split_query import SPLIT_NAMES, chosen_splits
from .uris import Uri

#: Images of one split, as paths relative to the dataset's folder, with their labels.
Entries = list[tuple[str, int | None]]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds, before anything is written; `notes` tell what is not used."""

    entries: dict[SplitName, Entries]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def scan_table(uri: Uri, root: Path, table: Path, given: Sequence[str]) -> Scan:
    """Take images and labels from a table; images without a line are left out.

    Raises:
        DataError: The table is malformed or names images that are not there.
    """
    rows, classes = read_labels(table, given)
    missing = [image for image, _ in rows if not (root / image).is_file()]
    if missing:
        raise DataError(
            f"{table} labels {len(missing)} images that are not there, such as "
            f"{', '.join(missing[:3])}; its paths start at {root}"
        )
    layout = split_folders(root)
    splits = {folder.name: name for name, folder in (layout or {}).items()}
    entries: dict[SplitName, Entries] = {}
    for image, label in rows:
        folder = image.partition("/")[0]
        name = "test" if layout is None else splits.get(folder)
        if name is not None:
            entries.setdefault(name, []).append((image, label))
        elif folder not in SPLIT_NAMES:
            raise DataError(f"{table} labels {image}, which lies in none of the split folders")
    unused = set(find_images(root).images).difference(image for image, _ in rows)
    note = f"{len(unused)} images of {root} have no line in {table.name} and are not used"
    notes = [*([note] if unused else []), *_notes_on_val(root, layout)]
    chosen = {name: entries[name] for name in chosen_splits(uri, entries)}
    return Scan(chosen, classes, tuple(notes))


def _notes_on_val(root: Path, layout: Mapping[SplitName, Path] | None) -> list[str]:
    """Say that `val` is left out where `test` is there too."""
    if not layout or not (root / "test").is_dir() or not (root / "val").is_dir():
        return []
    return [f"{root / 'val'} is not used, for {root / 'test'} is the test split"]


def scan_folders(uri: Uri, root: Path, given: Sequence[str]) -> Scan:
    """Take every sub-folder as a class, in each split folder or in the dataset's own.

    All splits share one list of classes, so a class that one split lacks shifts no label. A
    folder without sub-folders is unlabelled.

    Raises:
        DataError: There is no image, a class is empty or is not among the `given` ones.
    """
    layout = split_folders(root) or {"test": root}
    folders = {name: sub_folders(folder) for name, folder in layout.items()}
    found = sorted({name for names in folders.values() for name in names})
    classes = tuple(given or found)
    _refuse_unknown_classes(root, found, classes)
    labels = {name: label for label, name in enumerate(classes)}
    notes = [] if given else _notes_on_numbers(found)
    notes += [] if layout == {"test": root} else _notes_on_val(root, layout)
    entries: dict[SplitName, Entries] = {}
    unused: list[str] = []
    for name in chosen_splits(uri, layout):
        entries[name] = _scan_split(root, layout[name], folders[name], labels, unused)
    if unused:
        notes.append(f"{len(unused)} other files of {root} are not used, such as {unused[0]}")
    return Scan(entries, classes, tuple(notes))


def _scan_split(
    root: Path,
    folder: Path,
    classes: Sequence[str],
    labels: Mapping[str, int],
    unused: list[str],
) -> Entries:
    prefix = "" if folder == root else f"{folder.name}/"
    beside = find_images(folder, deep=False)
    unused += [prefix + name for name in beside.others]
    if not classes:
        if not beside.images:
            raise DataError(
                f"the folder {folder} holds no images; boildown reads jpg, png, bmp, webp, ppm "
                "and tif files, with one sub-folder a class or flat (unlabelled)"
            )
        return [(prefix + name, None) for name in beside.images]
    unused += [prefix + name for name in beside.images]
    entries: Entries = []
    empty: list[str] = []
    for name in classes:
        found = find_images(folder / name)
        unused += [f"{prefix}{name}/{other}" for other in found.others]
        entries += [(f"{prefix}{name}/{image}", labels[name]) for image in found.images]
        if not found.images:
            empty.append(name)
    if empty:
        raise DataError(
            f"{len(empty)} class folders of {folder} hold no images: {', '.join(empty[:5])}; "
            "fill or remove them"
        )
    return entries


def _refuse_unknown_classes(root: Path, found: Sequence[str], classes: Sequence[str]) -> None:
    known = set(classes)
    unknown = [name for name in found if name not in known]
    if unknown:
        raise DataError(
            f"{root} has {len(unknown)} folders that the classes file does not name: "
            f"{', '.join(unknown[:5])}; every folder of images must be one of its lines"
        )


def _notes_on_numbers(names: Sequence[str]) -> list[str]:
    if not names or not all(name.isdecimal() for name in names):
        return []
    if sorted(names, key=int) == list(names):
        return []
    text = (
        f"the class folders are numbers, sorted as text ({', '.join(names[:3])}, …) as "
        "torchvision does; if the number is the label, say so with classes=FILE"
    )
    return [text]
