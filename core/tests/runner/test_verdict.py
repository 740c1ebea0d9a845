"""Limits of a recipe and the exit code."""

from __future__ import annotations

import pytest
from boildown import Recipe
from boildown.comparison.schema import (
    Comparison,
    Deployable,
    LimitCheck,
    Machine,
    Memory,
    Metric,
    Quality,
    Row,
)
from boildown.recipe.recipe import LIMITS, Status
from boildown.runner.verdict import check_limits, exit_code

MACHINE = Machine(cpu="x", instruction_sets=(), cores=1, threads=1, os="x", python="3.11")
MISSED = LimitCheck(name="bytes", limit=1, value=2, ok=False)


def row(status: Status = "ok", **more: object) -> Row:
    return Row.model_validate(
        {"model": "m", "recipe": "r", "backend": "b", "status": status, **more}
    )


def verdict(found: Row, **recipe: object) -> int:
    asked = Recipe.model_validate({"name": "r", "steps": [{"op": "quantize"}], **recipe})
    recipes = (asked.model_dump(mode="json", by_alias=True),)
    return exit_code(Comparison(machine=MACHINE, recipes=recipes, results=(found,)))


@pytest.mark.parametrize(
    ("found", "recipe", "code"),
    [
        (row(), {}, 0),
        (row("unsupported"), {}, 1),
        (row("unsupported"), {"allow": ["unsupported"]}, 0),
        (row("no_effect"), {}, 1),
        (row(limits=[MISSED]), {}, 1),
        (row(limits=[LimitCheck(name="bytes", limit=3, value=2, ok=True)]), {}, 0),
        (row("no_effect", limits=[MISSED]), {"allow": ["no_effect"]}, 1),
        (row("failed", limits=[MISSED]), {"allow": ["failed"]}, 0),
    ],
)
def test_the_exit_code_is_0_where_every_row_is_as_asked(
    found: Row, recipe: dict[str, object], code: int
) -> None:
    assert verdict(found, **recipe) == code


def test_limits_bound_from_the_right_side() -> None:
    metric = Metric(name="top1", value=0.9, n=10, difference=-0.02)
    found = row(
        quality=Quality(task="t", measured_on="x", metrics=(metric,), agreement=0.99),
        memory=Memory(peak_rss_bytes=100),
        deployable=Deployable(
            path="m", format="onnx", sha256="0", bytes=50, deflated_bytes=40, bits_per_weight=8.0,
            entropy_bits_per_weight=5.0, parameters=1, macs=1,
        ),
    )  # fmt: skip
    limits = {"top1": 0.9, "top1_difference": -0.01, "bytes": 50, "bits_per_weight": 7.9,
              "agreement": 0.5, "peak_rss_bytes": 99}  # fmt: skip
    missed = [check.name for check in check_limits(found, limits) if not check.ok]
    assert missed == ["top1_difference", "bits_per_weight", "peak_rss_bytes"]


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_figure_that_is_not_there_keeps_no_limit(name: str) -> None:
    (check,) = check_limits(row("failed"), {name: 1.0})
    assert (check.ok, check.value, check.reason) == (False, None, "the row has no such figure")


def test_identical_outputs_keep_every_bound_on_the_sqnr_and_unknown_ones_none() -> None:
    for identical in (True, False, None):
        judged = Quality(
            task="t", measured_on="x", metrics=(), identical=identical, reason="no SQNR: because"
        )
        (check,) = check_limits(row(quality=judged), {"sqnr_db": 30})
        kept = identical is True
        assert (check.value, check.ok, check.reason) == (None, kept, "no SQNR: because")


@pytest.mark.parametrize("name", ["top1", "top1_difference"])
def test_a_limit_says_why_its_figure_is_null(name: str) -> None:
    unlabelled = Metric(name="top1", value=None, n=10, reason="the data has no labels")
    judged = Quality(task="t", measured_on="x", metrics=(unlabelled,), reason="no SQNR: because")
    (check,) = check_limits(row(quality=judged), {name: 0.5})
    assert check.reason == "the data has no labels"
