"""Files that a user names: what cannot be written is told before, links and pipes stay such."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from boildown.errors import UsageError
from boildown.files import refuse_unusable_file, write_named


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("folder", "it is a folder"),
        ("file/new.xml", "file is a file"),
        ("link/new.xml", "link is a link to nothing"),
        (f"{'x' * 300}.xml", "too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(UsageError, match=why):
        refuse_unusable_file(tmp_path / name, "--junit")


def test_a_file_that_can_be_written_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text("old")
    refuse_unusable_file(tmp_path / "old.xml", "--junit")
    refuse_unusable_file(tmp_path / "new" / "new.xml", "--junit")
    assert [file.name for file in tmp_path.iterdir()] == ["old.xml"]
    assert (tmp_path / "old.xml").read_text() == "old"


def test_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    link, target = tmp_path / "link.xml", tmp_path / "there" / "new.xml"
    link.symlink_to(target)
    target.parent.mkdir()
    for text in ("new", "newer"):
        refuse_unusable_file(link, "--junit")
        write_named(link, text)
        assert link.is_symlink()
        assert target.read_text() == text


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    refuse_unusable_file(pipe, "--junit")
    write_named(pipe, "verdicts")
    assert os.read(reader, 100) == b"verdicts"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
