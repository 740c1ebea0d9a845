"""Where reports of stored runs go, and where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown.api import report
from boildown.comparison.files import NAME, write
from boildown.comparison.schema import Comparison
from boildown.errors import UsageError
from boildown.report.page.logs import NOT_READ, tails


@pytest.fixture
def runs(small: Comparison, tmp_path: Path) -> tuple[Path, Path]:
    """Return the folders of two runs."""
    folders = tmp_path / "runs" / "a", tmp_path / "runs" / "b"
    for folder in folders:
        folder.mkdir(parents=True)
        write(small, folder)
    return folders


def test_a_report_of_several_runs_names_them_and_may_be_made_again(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "both"
    first = report(runs, out=out)
    assert first.comparison.runs == ("../runs/a", "../runs/b")
    assert report(runs, out=out).comparison == first.comparison
    assert report([out]).comparison == first.comparison


@pytest.mark.parametrize("several", [False, True])
def test_a_run_is_not_replaced_by_a_report_of_others(
    runs: tuple[Path, Path], small: Comparison, tmp_path: Path, *, several: bool
) -> None:
    (tmp_path / "third").mkdir()
    before = write(small, tmp_path / "third").read_bytes()
    with pytest.raises(UsageError, match="holds a run of its own"):
        report(runs if several else runs[:1], out=tmp_path / "third")
    assert [file.name for file in (tmp_path / "third").iterdir()] == [NAME]
    assert (tmp_path / "third" / NAME).read_bytes() == before


def test_a_folder_of_something_else_gets_no_report(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds files of something else \(notes.txt"):
        report(runs, out=tmp_path / "home")
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("file", "file is a file"),
        ("file/sub", "file is a file"),
        ("link", "link is a link to nothing"),
        ("loop/sub", "loop is a link to nothing"),
        ("x" * 300, "too long"),
        pytest.param(
            "/proc/sub",
            "/proc may not be written to",
            marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux only"),
        ),
    ],
)
def test_what_cannot_be_written_to_is_the_callers_mistake(
    runs: tuple[Path, Path], tmp_path: Path, out: str, why: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=f"--out .*{why}"):
        report(runs, out=tmp_path / out)


def test_paths_lead_to_the_files_through_linked_folders(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "out").symlink_to("far/away")
    (tmp_path / "far" / "run").symlink_to(runs[0])
    file = runs[0] / "models" / "1" / "model.onnx"
    file.parent.mkdir(parents=True)
    file.touch()
    found = report([tmp_path / "far" / "run", runs[1]], out=tmp_path / "out")
    assert found.comparison.runs == ("../../runs/a", "../../runs/b")
    assert found.comparison.results[0].deployable is not None
    assert found.comparison.results[0].deployable.path == "../../runs/b/models/1/model.onnx"
    only = report([tmp_path / "far" / "run"], out=tmp_path / "out").comparison.results[0]
    assert only.deployable is not None
    assert (tmp_path / "out" / only.deployable.path).samefile(file)


def test_logs_are_shown_from_the_runs_and_said_to_be_missing_without_them(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    for run in runs:
        (run / "logs").mkdir()
        (run / "logs" / "1.txt").write_text("ready\n")
    both = report(runs, out=tmp_path / "both")
    assert tails(both.comparison, tmp_path / "both", runs) == {1: "ready"}
    assert set(tails(both.comparison, tmp_path / "both").values()) == {NOT_READ}


def test_a_log_that_is_not_there_has_no_words(runs: tuple[Path, Path]) -> None:
    assert tails(report(runs[:1]).comparison, runs[0]) == {}
