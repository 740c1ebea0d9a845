"""`boildown diff`: what changed between two runs, and conditions that fail a build."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from boildown.comparison.files import write
from boildown.comparison.schema import Comparison, Row
from boildown.errors import UsageError
from boildown.report.changes import changes, fields_of
from boildown.report.conditions import condition
from boildown.report.diff_table import DiffTable
from boildown.report.records import records
from boildown.report.verdicts import junit, verdicts
from rich.console import Console


def with_rows(run: Comparison, rows: list[Row], **more: Any) -> Comparison:
    return run.model_copy(update={"results": tuple(rows), **more})


def scored(row: Row, value: float) -> Row:
    """Return a row with another top-1."""
    assert row.quality is not None
    first, *rest = row.quality.metrics
    first = first.model_copy(update={"value": value})
    quality = row.quality.model_copy(update={"metrics": (first, *rest)})
    return row.model_copy(update={"quality": quality})


@pytest.fixture
def measured(comparison: Comparison) -> Comparison:
    """Return the rows that have a top-1, one of each name."""
    rows = {
        (row.model, row.recipe, row.backend): row
        for row in comparison.results
        if row.quality is not None and row.quality.metrics[0].value is not None
    }
    return with_rows(comparison, list(rows.values()))


def test_a_run_does_not_differ_from_itself(measured: Comparison) -> None:
    found = changes(measured, measured)
    assert len(found) == len(measured.results) > 1
    assert {change.kind for change in found} == {"same"}


def test_a_job_that_stands_there_on_several_test_data_is_not_compared(
    measured: Comparison,
) -> None:
    other = measured.results[0].model_copy(update={"test_sha256": "another"})
    twice = with_rows(measured, [*measured.results, other])
    with pytest.raises(UsageError, match="on several test data; compare single runs"):
        changes(measured, twice)


def test_what_differs_is_named_with_both_values(measured: Comparison) -> None:
    first, *rest = measured.results
    (change, *others) = changes(measured, with_rows(measured, [scored(first, 0.5), *rest]))
    assert [other.kind for other in others] == ["same"] * len(rest)
    before = records(measured)[0]["top1"]
    assert change.fields == (("top1", before, 0.5),)


def test_a_figure_that_a_run_has_no_more_is_a_change(measured: Comparison) -> None:
    rows = [row.model_copy(update={"quality": None}) for row in measured.results]
    for change in changes(measured, with_rows(measured, rows)):
        assert ("top1", change.old["top1"], None) in change.fields


def test_rows_of_one_run_only_are_added_or_gone(measured: Comparison) -> None:
    fewer = with_rows(measured, list(measured.results[1:]))
    same = ["same"] * len(fewer.results)
    assert [change.kind for change in changes(fewer, measured)] == ["added", *same]
    assert [change.kind for change in changes(measured, fewer)] == [*same, "gone"]


def _timed(run: Comparison, factor: float) -> Comparison:
    rows = []
    for row in run.results:
        speed = row.speed
        if speed is not None and speed.versus_same_runtime_float is not None:
            ratio = speed.versus_same_runtime_float
            ends = tuple(end * factor for end in ratio.interval)
            ratio = ratio.model_copy(update={"median": ratio.median * factor, "interval": ends})
            speed = speed.model_copy(update={"versus_same_runtime_float": ratio})
        rows.append(row.model_copy(update={"speed": speed}))
    return with_rows(run, rows)


def test_speeds_differ_where_their_intervals_are_apart(measured: Comparison) -> None:
    told = {change.kind for change in changes(measured, _timed(measured, 1.001))}
    assert told == {"same"}
    fields = {f.field for c in changes(measured, _timed(measured, 1.5)) for f in c.fields}
    assert fields == {"versus_same_runtime_float"}


def test_speeds_of_different_machines_are_not_compared(measured: Comparison) -> None:
    other = measured.machine.model_copy(update={"cpu": "another"})
    elsewhere = with_rows(_timed(measured, 1.5), list(measured.results), machine=other)
    assert {change.kind for change in changes(measured, elsewhere)} == {"same"}


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("top1 < 0.6", "failed"),
        ("top1 < 0.4", "passed"),
        ("change.top1 < -0.1", "failed"),
        ("change.top1 < -0.9", "passed"),
        ("ratio.bytes > 1.01", "passed"),
        ("ratio.bytes >= 1", "failed"),
        ("ratio.bytes >= +1.E-1", "failed"),
        ("top1 < .6", "failed"),
        ("status != ok", "passed"),
        ("status == ok", "failed"),
        ("status == 'ok'", "failed"),
        ("reason == nothing", "passed"),
    ],
)
def test_a_condition_is_held_against_the_second_run(
    measured: Comparison, text: str, outcome: str
) -> None:
    first, *rest = measured.results
    first = first.model_copy(update={"status": "ok"})
    found = changes(measured, with_rows(measured, [scored(first, 0.5), *rest]))
    (verdict, *_) = verdicts(found, [condition(text, fields_of(found))])
    assert verdict.outcome == outcome


def test_a_row_without_the_figure_is_not_known_and_harms_no_other(measured: Comparison) -> None:
    first, *rest = measured.results
    blank = first.model_copy(update={"quality": None, "reason": "it crashed"})
    found = changes(measured, with_rows(measured, [blank, *rest]))
    held = verdicts(found, [condition("top1 < 0", fields_of(found))])
    assert [verdict.outcome for verdict in held] == ["not known", *["passed"] * len(rest)]
    assert "it crashed" in held[0].message


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("ratio.latency_p50_ms > 1.2", "not known"),
        ("change.versus_onnxruntime_float < 0", "not known"),
        ("ratio.bytes > 1.2", "passed"),
        ("latency_p50_ms > 1e9", "passed"),
    ],
)
def test_times_of_two_machines_are_not_held_against_each_other(
    measured: Comparison, text: str, outcome: str
) -> None:
    other = measured.machine.model_copy(update={"cpu": "another"})
    found = changes(measured, with_rows(measured, list(measured.results), machine=other))
    asked = condition(text, fields_of(found))
    timed = next(change for change in found if change.new["latency_p50_ms"] is not None)
    if outcome == "not known":
        assert asked.value(timed) is None
        said = f"not measured alike (cpu {measured.machine.cpu} → another)"
        assert said in asked.unknown(timed)
        assert said in verdicts(found, [asked])[0].message
    else:
        assert asked.value(timed) is not None
        assert asked.unknown(timed).startswith("there is no")


def test_the_run_that_lacks_a_figure_is_named(measured: Comparison) -> None:
    blank = [row.model_copy(update={"quality": None}) for row in measured.results]
    asked = condition("change.top1 < 0", fields_of(changes(measured, measured)))
    for first, second, run in (
        (measured, with_rows(measured, blank), "second"),
        (with_rows(measured, blank), measured, "first"),
    ):
        held = verdicts(changes(first, second), [asked])
        assert f"the {run} run has no figure for it" in held[0].message


def test_what_a_text_holds_may_stand_in_junit(measured: Comparison) -> None:
    rows = [row.model_copy(update={"reason": "\x1b[31mred\x00"}) for row in measured.results]
    found = changes(measured, with_rows(measured, rows))
    held = verdicts(found, [condition("reason != nothing", fields_of(found))])
    messages = ET.fromstring(junit(held)).iter("failure")  # noqa: S314 - written one line above
    assert {failure.get("message") for failure in messages} == {"found red"}


def test_a_condition_that_judged_nothing_fails(measured: Comparison) -> None:
    rows = [row.model_copy(update={"energy": None}) for row in measured.results]
    found = changes(measured, with_rows(measured, rows))
    held = verdicts(found, [condition("joules > 5", fields_of(found))])
    assert {verdict.outcome for verdict in held} == {"failed"}


def test_a_row_that_is_gone_fails(measured: Comparison) -> None:
    found = changes(measured, with_rows(measured, list(measured.results[1:])))
    held = verdicts(found, [condition("top1 < 0", fields_of(found))])
    assert [verdict.outcome for verdict in held][-1] == "failed"
    assert verdicts(found, []) == ()


def test_junit_has_a_case_for_each_row_and_condition(measured: Comparison) -> None:
    found = changes(measured, with_rows(measured, list(measured.results[1:])))
    texts = ("top1 < 2", "joules > 5", "top1 < 0")
    held = verdicts(found, [condition(text, fields_of(found)) for text in texts])
    suite = ET.fromstring(junit(held))[0]  # noqa: S314 - written two lines above
    assert suite.get("tests") == str(len(held)) == str(len(suite))
    failures = suite.findall("testcase/failure")
    assert suite.get("failures") == str(len(failures))
    assert "found " in str(failures[0].get("message"))


def test_the_command_ends_with_one_where_a_condition_holds(
    measured: Comparison, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(measured, tmp_path / name)

    def diff(*words: str) -> subprocess.CompletedProcess[str]:
        program = "from boildown.cli.main import main; main()"
        command = [sys.executable, "-c", program, "diff", "a", "b", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert diff().returncode == 0
    assert f"{len(measured.results)} rows: 0 changed" in diff().stdout
    failed = diff("--fail-if", "top1 > 0", "--junit", "out.xml")
    assert (failed.returncode, "Failed" in failed.stdout) == (1, True)
    assert (tmp_path / "out.xml").read_text().startswith("<?xml")
    assert diff("--fail-if", "top1 < 0").returncode == 0
    assert diff("--junit", "out.xml").returncode == 2
    assert diff("--fail-if", "top1 < 0", "--junit", "a").returncode == 2


def test_other_threads_on_one_computer_are_not_called_another_machine(
    measured: Comparison,
) -> None:
    other = measured.machine.model_copy(update={"threads": measured.machine.threads + 1})
    found = changes(measured, with_rows(measured, list(measured.results), machine=other))
    buffer = io.StringIO()
    Console(file=buffer, width=200).print(DiffTable(found, ()))
    before, after = measured.machine.threads, other.threads
    assert f"not measured alike (threads {before} → {after}): speeds" in buffer.getvalue()
