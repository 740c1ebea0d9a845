"""The two text files that a user may put beside images: class names in order, and labels."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..errors import DataError
from ..nearest import did_you_mean
from .wording import one_a_line

_NUMBER = re.compile(r"[0-9]{1,9}")


def read_text(path: Path, what: str) -> str:
    """Read a UTF-8 text file (a byte-order mark is dropped) that holds `what`.

    Raises:
        DataError: It is missing, not text, or unreadable.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"the file of {what} {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the file of {what} {path} is not UTF-8 text") from error


def read_classes(path: Path) -> tuple[str, ...]:
    """Read class names, one a line, in the order of the model's outputs.

    Raises:
        DataError: There are none, or one stands there twice.
    """
    names = tuple(line.strip() for line in read_text(path, "classes").splitlines() if line.strip())
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(f"{path} names {', '.join(twice[:5])} twice; every class stands there once")
    if not names:
        raise DataError(f"{path} names no class; write one name a line, in the model's order")
    return names


def read_labels(
    path: Path, classes: Sequence[str]
) -> tuple[list[tuple[str, int]], tuple[str, ...]]:
    """Read `relative path,label` lines; labels are class numbers from 0, or class names.

    Returns:
        The images with their labels, and the class names: `classes` if given, else the names
        used sorted, else () where all labels are numbers.

    Raises:
        DataError: Lines are malformed; all are named at once, with their numbers.
    """
    rows = _rows(path)
    numbers = all(_NUMBER.fullmatch(label) for _, _, label in rows)
    if not classes and not numbers:
        classes = sorted({label for _, _, label in rows})
    places = {name: place for place, name in enumerate(classes)}
    labels: list[tuple[str, int]] = []
    wrong: list[str] = []
    for line, image, label in rows:
        if label in places:
            labels.append((image, places[label]))
        elif numbers and (not classes or int(label) < len(classes)):
            labels.append((image, int(label)))
        else:
            hint = did_you_mean(label, places)
            wrong.append(f"line {line}: {label!r} is none of the classes{hint}")
    _refuse(path, wrong)
    return labels, tuple(classes)


def _rows(path: Path) -> list[tuple[int, str, str]]:
    """Return (line, image, label) of every line but a header that ends in `label`."""
    try:
        table = list(csv.reader(read_text(path, "labels").splitlines()))
    except csv.Error as error:
        raise DataError(f"{path} is not a table of `relative path,label` ({error})") from error
    rows: list[tuple[int, str, str]] = []
    wrong: list[str] = []
    known: set[str] = set()
    for line, cells in enumerate(table, start=1):
        match [cell.strip() for cell in cells]:
            case [] | [""]:
                continue
            case [_, label] if line == 1 and label.lower() == "label":
                continue
            case [image, label] if image and label:
                image = PurePosixPath(image.replace("\\", "/")).as_posix()
                problem = _problem(image, known)
                known.add(image)
                rows.append((line, image, label))
            case _:
                problem = "not `relative path,label`"
        if problem:
            wrong.append(f"line {line}: {problem}")
    _refuse(path, wrong)
    if not rows:
        raise DataError(f"{path} labels no image; write one `relative path,label` a line")
    return rows


def _problem(image: str, known: set[str]) -> str:
    if image.startswith("/") or ".." in PurePosixPath(image).parts:
        return f"{image!r} leaves the folder of the images"
    return f"{image!r} is labelled twice" if image in known else ""


def _refuse(path: Path, wrong: list[str]) -> None:
    if wrong:
        raise DataError(f"{path} has mistakes:\n{one_a_line(wrong)}")
