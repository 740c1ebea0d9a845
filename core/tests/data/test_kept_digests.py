"""Digests are computed once and kept beside the index, and only while the files stay the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from boildown.data import array_digests, file_digests
from boildown.data.contents import check_overlap, data_digest
from boildown.data.file_digests import FileDigests
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest
from boildown.data.preprocessing import Preprocessing
from boildown.errors import DataError


def opened(path: str | Path, workdir: Path) -> DataManifest:
    """Return a dataset with preprocessing, its indices below `workdir`."""
    manifest = local_dataset(str(path), workdir / "work")
    assert manifest is not None
    return manifest.model_copy(update={"preprocessing": Preprocessing()})


@pytest.fixture
def old_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a file that counts as settled at once."""
    monkeypatch.setattr(file_digests, "SETTLED_SECONDS", -1.0)
    path = tmp_path / "a.png"
    path.write_bytes(b"first")
    return path


def digest_of(path: Path) -> bytes:
    """Return the digest of a file as a new run would."""
    with FileDigests.beside(path.parent / "index", path.parent) as files:
        return files.digest(path)


def store_of(path: Path) -> Path:
    """Return the file of kept digests."""
    return next(path.parent.glob("digests-*.json"))


def test_a_file_is_hashed_once_while_it_stays_the_same(
    old_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = digest_of(old_image)
    monkeypatch.delattr(file_digests, "file_digest")
    assert digest_of(old_image) == first


def test_new_content_is_noticed_under_the_old_size_and_time(old_image: Path) -> None:
    stat = old_image.stat()
    first = digest_of(old_image)
    old_image.write_bytes(b"other")
    os.utime(old_image, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digest_of(old_image) != first


def test_a_file_changed_a_moment_ago_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"first")
    digest_of(tmp_path / "a.png")
    assert not list(tmp_path.glob("digests-*.json"))


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"PATH": "1 2 3 zz"}', "\xff"])
def test_damaged_digests_cost_time_and_nothing_else(old_image: Path, content: str) -> None:
    first = digest_of(old_image)
    text = content.replace("PATH", json.dumps(str(old_image))[1:-1])
    store_of(old_image).write_text(text, encoding="latin-1")
    assert digest_of(old_image) == first


@pytest.fixture
def kept(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds the digests of the digits' samples."""
    monkeypatch.setattr(array_digests, "SETTLED_SECONDS", -1.0)
    data_digest(opened(digits, tmp_path), cache=tmp_path / "kept")
    check_overlap(opened(digits, tmp_path), cache=tmp_path / "kept")
    return tmp_path / "kept"


def test_an_array_file_is_hashed_once_while_it_stays_the_same(
    digits: Path, tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = opened(digits, tmp_path)
    plain = data_digest(manifest)
    monkeypatch.delattr(array_digests, "_computed")
    monkeypatch.delattr(array_digests, "_stored")
    assert data_digest(manifest, cache=kept) == plain
    check_overlap(manifest, cache=kept)


def test_one_changed_pixel_is_noticed_under_the_old_size_and_time(
    digits: Path, tmp_path: Path, kept: Path
) -> None:
    stat, before = digits.stat(), data_digest(opened(digits, tmp_path), cache=kept)
    named = dict(np.load(digits))
    named["test_x"][0, 0, 0, 0] ^= 1
    np.savez(digits, **named)
    os.utime(digits, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digits.stat().st_size == stat.st_size
    assert data_digest(opened(digits, tmp_path), cache=kept) != before


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_damaged_digests_of_arrays_are_made_again(
    digits: Path, tmp_path: Path, kept: Path, content: bytes
) -> None:
    manifest = opened(digits, tmp_path)
    for path in kept.iterdir():
        path.write_bytes(content)
    assert data_digest(manifest, cache=kept) == data_digest(manifest)
    check_overlap(manifest, cache=kept)


def test_digests_of_another_number_of_samples_are_made_again(
    digits: Path, tmp_path: Path, kept: Path
) -> None:
    manifest = opened(digits, tmp_path)
    for path in kept.iterdir():
        path.write_text("00" * 96)
    assert data_digest(manifest, cache=kept) == data_digest(manifest)
    check_overlap(manifest, cache=kept)


def test_an_array_file_changed_a_moment_ago_is_not_kept(digits: Path, tmp_path: Path) -> None:
    data_digest(opened(digits, tmp_path), cache=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_an_array_file_that_vanished_is_named(digits: Path, tmp_path: Path) -> None:
    manifest = opened(digits, tmp_path)
    digits.unlink()
    with pytest.raises(DataError, match=r"digits\.npz cannot be read"):
        check_overlap(manifest)
