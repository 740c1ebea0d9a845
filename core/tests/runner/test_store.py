"""The cache: entries that are finished, cut off, damaged, or wanted by two at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from boildown.runner.store import Store, default_root

KEY = "ab" + "0" * 62


def fill(store: Store, text: str = "made") -> Path:
    with store.entry("jobs", KEY) as entry:
        entry.write("file.txt", text)
        entry.seal()
        return entry.folder


def test_a_sealed_entry_is_finished(tmp_path: Path) -> None:
    fill(Store(tmp_path))
    with Store(tmp_path).entry("jobs", KEY) as entry:
        assert entry.finished
        assert (entry.folder / "file.txt").read_text() == "made"


def test_an_entry_without_a_seal_is_not_finished_but_keeps_its_files(tmp_path: Path) -> None:
    with Store(tmp_path).entry("jobs", KEY) as entry:
        entry.write("part.txt", "half")
    with Store(tmp_path).entry("jobs", KEY) as entry:
        assert not entry.finished
        assert (entry.folder / "part.txt").exists()


@pytest.mark.parametrize("sealed", [True, False])
def test_what_a_killed_writer_left_is_removed_with_the_work(
    tmp_path: Path, *, sealed: bool
) -> None:
    with Store(tmp_path).entry("jobs", KEY) as entry:
        entry.write("whole.txt", "whole")
        (entry.folder / ".result.json.a1b2.boildown-partial").write_text("ha")
        if sealed:
            entry.seal()
    with Store(tmp_path).entry("jobs", KEY) as entry:
        assert (entry.finished, entry.damaged) == (sealed, False)
        assert {path.name for path in entry.folder.iterdir()} - {"seal.json"} == {"whole.txt"}


@pytest.mark.parametrize("harm", ["edit", "add", "remove"])
def test_a_sealed_entry_that_was_changed_is_emptied(tmp_path: Path, harm: str) -> None:
    folder = fill(Store(tmp_path))
    if harm == "remove":
        (folder / "file.txt").unlink()
    else:
        (folder / ("file.txt" if harm == "edit" else "more.txt")).write_text("other")
    with Store(tmp_path).entry("jobs", KEY) as entry:
        assert (entry.finished, entry.damaged) == (False, True)
        assert list(entry.folder.iterdir()) == []


def test_two_at_once_work_one_after_the_other(tmp_path: Path) -> None:
    inside, together = [], []

    def work() -> None:
        with Store(tmp_path).entry("jobs", KEY):
            inside.append(1)
            together.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [1] * 8


def test_the_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOILDOWN_CACHE", "/somewhere/else")
    assert default_root() == Path("/somewhere/else")
    monkeypatch.delenv("BOILDOWN_CACHE")
    assert default_root().name == "boildown"
