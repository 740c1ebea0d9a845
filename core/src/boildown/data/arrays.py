"""`npz:FILE`: arrays `train_x`, `train_y`, `calibration_x`, …, `test_x`, `test_y` in one file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from ..nearest import did_you_mean
from .manifest import DataManifest, Split, SplitName
from .npz_file import Header, read_headers
from .split_query import SPLIT_NAMES, chosen_splits
from .uris import Uri, refuse_unknown_keys

_KEY = re.compile(r"(?:(train|calibration|val|test)_)?([xy])(?:\.(.+))?", re.DOTALL)
_FORM = (
    "call the arrays test_x and test_y, likewise train_… and calibration_…; plain x and y mean "
    "test; for a model with several inputs write test_x.<input name> for each"
)


@dataclass(frozen=True, slots=True)
class _Role:
    """What one array is: what goes into one port of the model (`*`: the only one), or comes out."""

    split: SplitName
    port: str
    goes_in: bool

    def __str__(self) -> str:
        what = "samples" if self.goes_in else "labels"
        return f"{what} of {self.split}"


def npz_dataset(uri: Uri) -> DataManifest:
    """Describe the arrays of an .npz file; `?split=` picks one split.

    Arrays of uint8 with three or four axes, (N, H, W) or (N, C, H, W), are images and are
    preprocessed; all others go to the model as they are. Integers of shape (N,) in `y` are class
    labels; anything else there, or in `y.<output name>`, is what that output should be.

    Raises:
        DataError: The file is damaged, or its arrays do not fit together; all mistakes at once.
        UriError: The query holds anything but `split`.
    """
    refuse_unknown_keys(uri, ("split",))
    path = Path(uri.path).expanduser().absolute()
    headers = read_headers(path)
    roles = {key: role for key in headers if (role := _role(key))}
    keys = {role: key for key, role in roles.items()}
    wrong = [
        f"{keys[role]!r} and {key!r} are both {role}; keep one"
        for key, role in roles.items()
        if keys[role] != key
    ]
    wrong += _lone_labels(keys)
    names = {role.split for role in keys if role.goes_in}
    for name in sorted(names):
        wrong += _mistakes(name, keys, headers)
    if not keys:
        wrong.append(f"it holds no samples (found: {', '.join(headers) or 'nothing'}); {_FORM}")
    if wrong:
        raise DataError("\n".join(f"{path}: {mistake}" for mistake in wrong))
    return DataManifest(
        uri=str(uri),
        kind="arrays",
        splits={name: _split(path, name, keys, headers) for name in chosen_splits(uri, names)},
        notes=_notes(path, [key for key in headers if key not in roles]),
    )


def _role(key: str) -> _Role | None:
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return _Role(SPLIT_NAMES[match[1] or "test"], match[3] or "*", goes_in=match[2] == "x")


def _ports(name: SplitName, keys: Mapping[_Role, str], *, goes_in: bool) -> dict[str, str]:
    return {
        role.port: key
        for role, key in keys.items()
        if role.split == name and role.goes_in == goes_in
    }


def _split(
    path: Path, name: SplitName, keys: Mapping[_Role, str], headers: Mapping[str, Header]
) -> Split:
    inputs, truths = (_ports(name, keys, goes_in=way) for way in (True, False))
    count = headers[next(iter(inputs.values()))].shape[0]
    labels = truths.get("*")
    if labels is not None and _are_classes(headers[labels]):
        return Split(path=path, inputs=inputs, labels=labels, count=count)
    return Split(path=path, inputs=inputs, truths=truths, count=count, labelled=False)


def _are_classes(header: Header) -> bool:
    return header.dtype.kind in "iu" and len(header.shape) == 1


def _lone_labels(keys: Mapping[_Role, str]) -> list[str]:
    return [
        f"{key!r} labels nothing, for there is no {role.split}_x"
        for role, key in keys.items()
        if not role.goes_in and not _ports(role.split, keys, goes_in=True)
    ]


def _mistakes(
    name: SplitName, keys: Mapping[_Role, str], headers: Mapping[str, Header]
) -> list[str]:
    """Say everything that is wrong with one split."""
    inputs, truths = (_ports(name, keys, goes_in=way) for way in (True, False))
    wrong = [
        f"{_listed(ports.values())}: name the {port} in each of them, or keep one"
        for port, ports in (("input", inputs), ("output", truths))
        if "*" in ports and len(ports) > 1
    ]
    for key in inputs.values():
        header = headers[key]
        if not header.shape or header.shape[0] == 0:
            wrong.append(f"{key!r} holds no samples; its shape is {header.shape}")
        elif hint := _layout_hint(header):
            wrong.append(
                f"{key!r} of shape {header.shape} is no batch of images (N, C, H, W); {hint}"
            )
    lengths = {
        key: headers[key].shape[0] if headers[key].shape else 1
        for key in (*inputs.values(), *truths.values())
    }
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{key!r} has {length}" for key, length in lengths.items())
        wrong.append(f"all arrays of a split need the same number of samples, but {counts}")
    return wrong


def _layout_hint(header: Header) -> str:
    """Say how uint8 arrays with four axes become images, or nothing if they are."""
    match header.shape:
        case (_, 1 | 3, _, _):
            return ""
        case (_, _, _, 1 | 3) if header.dtype == "uint8":
            return "transpose it with .transpose(0, 3, 1, 2)"
        case (_, _, _, _) if header.dtype == "uint8":
            return "keep 1 or 3 channels"
    return ""


def _notes(path: Path, unused: list[str]) -> tuple[str, ...]:
    if not unused:
        return ()
    hint = did_you_mean(unused[0].lower(), ["test_x", "train_x", "calibration_x"])
    return (f"{path.name} holds arrays that are not used: {_listed(unused)}{hint}",)


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(map(repr, list(keys)[:8]))
