"""Files that cannot be written are the caller's mistake, told before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown.errors import UsageError
from boildown.files import refuse_unusable_file


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
