"""Two runs that call different things by one name."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from boildown.comparison.schema import Comparison, DataRecord
from boildown.report.changes import Change, changes, fields_of
from boildown.report.conditions import condition
from boildown.report.diff_table import DiffTable
from boildown.report.verdicts import junit, verdicts
from rich.console import Console

OTHER_TEST_DATA = (
    "other test data: npz:a, 200 samples (SHA-256 tttttttt) → npz:a, 30 samples (SHA-256 uuuuuuuu)"
)
SPLITS: dict[Any, int] = {"train": 9, "test": 200}


@pytest.fixture
def run(small: Comparison) -> Comparison:
    """One measured row of one model, with the digest of its test data."""
    return small.model_copy(
        update={
            "data": (DataRecord(uri="npz:a", sha256="a", splits=SPLITS, test_sha256="t" * 64),),
            "models": (small.models[0].model_copy(update={"test_sha256": "t" * 64}),),
            "results": (small.results[0].model_copy(update={"test_sha256": "t" * 64}),),
        }
    )


def of_other(run: Comparison, part: str) -> Comparison:
    """Return the run with the same figures of another model, other data or another recipe."""
    if part == "model":
        return run.model_copy(
            update={"models": (run.models[0].model_copy(update={"sha256": "d" * 64}),)}
        )
    if part == "recipe":
        return run.model_copy(update={"recipes": ({**run.recipes[0], "seed": 7},)})
    more = {"sha256": "b", "splits": SPLITS | {"test": 30} if part == "test" else SPLITS}
    tested = {"test_sha256": "u" * 64} if part == "test" else {}
    return run.model_copy(
        update={
            "data": (run.data[0].model_copy(update=more | tested),),
            "models": (run.models[0].model_copy(update=tested),),
            "results": (run.results[0].model_copy(update=tested),),
        }
    )


def printed(found: tuple[Change, ...]) -> str:
    buffer = io.StringIO()
    Console(file=buffer, width=120).print(DiffTable(found, ()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("model", "another model: SHA-256 cccccccc → dddddddd"),
        ("test", OTHER_TEST_DATA),
        ("training", "other training or calibration data"),
        ("recipe", "another recipe: other seed"),
    ],
)
def test_what_is_the_same_by_name_alone_is_a_change_and_is_said(
    run: Comparison, part: str, words: str
) -> None:
    found = changes(run, of_other(run, part))
    assert (found[0].kind, found[0].fields, found[0].not_the_same) == ("changed", (), (words,))
    assert words in printed(found)
    assert "only the same names: 1 row" in printed(found)
    held = verdicts(found, [condition("top1 < 0", fields_of(found))])
    case = ET.fromstring(junit(held))[0][0]  # noqa: S314 - written in the line above
    assert case.findtext("system-out") == words


def test_of_the_same_things_nothing_is_said(run: Comparison) -> None:
    found = changes(run, run)
    assert found[0].kind == "same"
    assert "only the same names" not in printed(found)


def test_what_an_older_file_does_not_say_is_no_difference(run: Comparison) -> None:
    old = {"test_sha256": ""}
    before = run.model_copy(
        update={
            "data": (run.data[0].model_copy(update=old),),
            "models": (run.models[0].model_copy(update=old),),
            "results": (run.results[0].model_copy(update=old),),
        }
    )
    assert changes(before, run)[0].kind == "same"


def calibrated(run: Comparison, *digests: str, said: bool) -> Comparison:
    """Return a run of two recipes with other calibration data each; `said`: rows name theirs."""
    names = ("first", "second")
    rows = tuple(
        run.results[0].model_copy(update={"recipe": name, "data_sha256": digest if said else ""})
        for name, digest in zip(names, digests, strict=True)
    )
    data = tuple(run.data[0].model_copy(update={"sha256": digest}) for digest in digests)
    return run.model_copy(update={"data": data, "results": rows, "recipes": ()})


@pytest.mark.parametrize("said", [True, False])
def test_a_row_is_held_against_its_own_calibration_data_alone(
    run: Comparison, *, said: bool
) -> None:
    both = calibrated(run, "a", "b", said=said)
    alone = both.model_copy(update={"data": both.data[:1], "results": both.results[:1]})
    found = {change.name[1]: change.not_the_same for change in changes(both, alone)}
    assert found.get("first", ()) == ()


def test_other_calibration_data_of_one_row_of_several_are_a_change(run: Comparison) -> None:
    old, new = (calibrated(run, "a", digest, said=True) for digest in "bc")
    found = {change.name[1]: change.not_the_same for change in changes(old, new)}
    assert found["second"] == ("other training or calibration data",)
    assert found.get("first", ()) == ()
