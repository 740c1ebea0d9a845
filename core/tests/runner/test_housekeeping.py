"""Listing, checking and pruning the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boildown.errors import UsageError
from boildown.runner.housekeeping import entries, in_use, keep_within, prune, verify
from boildown.runner.store import SEAL, Store, bytes_in, size_limit


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a cache of three entries of 1,000 bytes and a seal, `0…` used longest ago."""
    store = Store(tmp_path / "cache")
    for age, letter in ((300, "0"), (200, "1"), (100, "2")):
        with store.entry("jobs", letter * 64) as entry:
            entry.write("weights", letter * 1000)
            entry.seal()
        for path in entry.folder.iterdir():
            os.utime(path, (1e9 - age, 1e9 - age))
    return store


def keys(store: Store) -> list[str]:
    return [entry.key[0] for entry in entries(store)]


def test_entries_are_listed_from_the_one_used_longest_ago(store: Store) -> None:
    assert keys(store) == ["0", "1", "2"]
    assert all(entry.finished and entry.bytes > 1000 for entry in entries(store))


def test_files_that_a_job_removes_meanwhile_are_not_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.walk

    def late(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        for found in plain(folder):
            (folder / "weights").unlink()
            yield found

    monkeypatch.setattr(os, "walk", late)
    assert all(0 < entry.bytes < 1000 for entry in entries(store))


def test_using_an_entry_makes_it_the_youngest(store: Store) -> None:
    with store.entry("jobs", "0" * 64) as entry:
        assert entry.finished
    assert keys(store) == ["1", "2", "0"]


def test_an_empty_cache_has_no_entries(tmp_path: Path) -> None:
    assert entries(Store(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(
    "name",
    [
        "photos/en/summer",
        f"photos/ab/{'ab' * 32}",
        "jobs/en/summer",
        f"jobs/cd/{'ab' * 32}",
    ],
)
def test_folders_of_something_else_are_neither_listed_nor_pruned(store: Store, name: str) -> None:
    mine = store.root / name / "photo.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert keys(store) == ["0", "1", "2"]
    assert len(prune(store, 0)) == 3
    assert mine.exists()


def test_verify_tells_sound_unfinished_and_damaged_entries_apart(store: Store) -> None:
    first, second, _ = entries(store)
    (first.folder / "weights").write_text("other")
    (second.folder / SEAL).unlink()
    states = {entry.key[0]: state for entry, state in verify(store)}
    assert states == {"0": "damaged", "1": "unfinished", "2": "finished"}


def test_prune_removes_what_was_used_longest_ago_down_to_the_size(store: Store) -> None:
    each = entries(store)[0].bytes
    assert [entry.key[0] for entry in prune(store, 2 * each)] == ["0"]
    assert keys(store) == ["1", "2"]
    assert prune(store, 0)
    assert keys(store) == []
    assert not any((store.root / "trash").iterdir())


def test_prune_can_remove_only_what_is_damaged(store: Store) -> None:
    (entries(store)[1].folder / "weights").write_text("other")
    assert [entry.key[0] for entry in prune(store, 0, damaged_only=True)] == ["1"]
    assert keys(store) == ["0", "2"]


@pytest.mark.parametrize("pruned", [prune, keep_within])
def test_the_trash_of_a_prune_that_was_cut_off_is_emptied(
    store: Store, pruned: Callable[[Store, int], object]
) -> None:
    trash = store.root / "trash"
    (trash / "notes of somebody").mkdir(parents=True)
    entries(store)[0].folder.rename(trash / ("ab" * 16))
    with in_use(store):
        keep_within(store, 1 << 30)
        assert (trash / ("ab" * 16)).exists()
    pruned(store, 1 << 30)
    assert [path.name for path in trash.iterdir()] == ["notes of somebody"]
    assert keys(store) == ["1", "2"]


def test_a_cache_in_use_is_not_pruned(store: Store) -> None:
    with in_use(store):
        with pytest.raises(UsageError, match="a run uses the cache"):
            prune(store, 0)
        assert keep_within(store, 0) == []
    assert len(keep_within(store, 0)) == 3


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("1000", 1000), ("2K", 2048), ("1.5m", 1572864), ("20G", 20 << 30)]
)
def test_sizes_are_read_with_their_units(text: str, size: int) -> None:
    assert bytes_in(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "5Q", "nan", "inf"])
def test_what_is_no_size_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        bytes_in(text)


def test_the_size_limit_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOILDOWN_CACHE_LIMIT", "3K")
    assert size_limit() == 3072
    monkeypatch.delenv("BOILDOWN_CACHE_LIMIT")
    assert size_limit() == 20 << 30
