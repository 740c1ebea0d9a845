from __future__ import annotations

from typing import Any

import pytest
from boildown.comparison.schema import Comparison, DataRecord, Metric, Ratio, Row
from boildown.report.markdown import to_markdown
from boildown.report.standing import Standing, standings
from boildown.report.view import groups
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STATUSES = ("ok", "ok", "no_effect", "failed", "unsupported", "timeout")


def changed(
    row: Row,
    *,
    deflated: int = 530_400,
    difference: float | None = -0.001,
    half: float = 0.002,
    speed: float | None = 1.4,
    better: bool = True,
    n: int = 10_000,
) -> Row:
    """Return a measured row with these figures; intervals reach `half` and 0.02 to each side."""
    metric = Metric(
        name="top1" if better else "rmse",
        value=0.9,
        n=n,
        difference=difference,
        difference_interval=None if difference is None else (difference - half, difference + half),
        higher_is_better=better,
        reason="" if difference is not None else "the baseline has no labels",
    )
    ratio = speed and Ratio(
        median=speed, q1=speed, q3=speed, n=9, interval=(speed - 0.02, speed + 0.02)
    )
    assert row.deployable is not None
    assert row.quality is not None
    assert row.speed is not None
    return row.model_copy(
        update={
            "deployable": row.deployable.model_copy(update={"deflated_bytes": deflated}),
            "quality": row.quality.model_copy(update={"metrics": (metric,)}),
            "speed": row.speed.model_copy(update={"versus_onnxruntime_float": ratio or None}),
        }
    )


def of(comparison: Comparison, *figures: dict[str, Any]) -> list[Standing]:
    rows = tuple(changed(comparison.results[0], **figure) for figure in figures)
    return standings(comparison.model_copy(update={"results": rows}))


def test_a_row_that_is_beaten_says_by_which_row_and_in_what(small: Comparison) -> None:
    best, beaten = of(small, {}, {"deflated": 700_000, "speed": 1.2})
    assert best.rank == "front"
    assert best.words == (
        "on the front: the smallest when deflated (4.09×) and the fastest (1.40× ±0.02)"
    )
    assert (beaten.rank, beaten.by) == ("dominated", (1,))
    assert beaten.words == (
        "dominated by row 1, which is smaller when deflated (4.09× against 3.10×) and faster "
        "(1.40× ±0.02 against 1.20× ±0.02); top-1 is equal"
    )


def test_a_gain_within_its_interval_keeps_no_row_on_the_front_unmarked(small: Comparison) -> None:
    _, lucky = of(small, {}, {"deflated": 1_060_800, "difference": 0.0005})
    assert (lucky.rank, lucky.by, lucky.mark) == ("near", (1,), "○")
    assert lucky.words == (
        "not distinguishable from the front: row 1, which is smaller when deflated (4.09× against "
        "2.05×); top-1 is not distinguishable (-0.0010 ±0.0020 against +0.0005 ±0.0020); "
        "speed is equal"
    )


def test_a_sure_gain_keeps_it_there(small: Comparison) -> None:
    _, better = of(small, {}, {"deflated": 1_060_800, "difference": 0.01})
    assert (better.rank, better.mark) == ("front", "●")
    assert better.words == "on the front: the best in top-1 (+0.0100 ±0.0020)"


def test_the_best_of_the_rows_is_not_the_best_where_the_input_is_better(small: Comparison) -> None:
    _, slow = of(
        small,
        {"speed": 0.5, "difference": -0.05},
        {"deflated": 700_000, "speed": 0.8, "difference": -0.01},
    )
    assert slow.words == (
        "on the front: the fastest of the rows (0.80× ±0.02) and the best in top-1 of the rows "
        "(-0.0100 ±0.0020)"
    )
    (alone,) = of(small, {"speed": 0.8})
    assert alone.words == "on the front: the only ranked row of its model and data"


def test_a_few_bytes_make_no_row_better(small: Comparison) -> None:
    one, other = of(small, {}, {"deflated": 530_410})
    assert (one.rank, other.rank) == ("front", "front")
    assert one.words.endswith("at once; not distinguishable from row 2")
    assert other.by == (1,)


def test_the_float32_input_takes_part(small: Comparison) -> None:
    (useless,) = of(small, {"deflated": 2_300_000, "difference": -0.1, "speed": 0.5})
    assert (useless.rank, useless.by) == ("dominated", (0,))
    assert useless.words.startswith("dominated by the float32 input, which is smaller")


def test_a_row_without_speed_is_ranked_by_what_it_has_and_says_so(small: Comparison) -> None:
    phone, beaten = of(small, {"speed": None}, {"speed": None, "deflated": 900_000})
    assert phone.rank == "front"
    assert beaten.by == (1,)
    for found in (phone, beaten):
        assert found.words.endswith("; ranked without speed, which was not measured here")


def test_less_is_better_where_the_metric_says_so(small: Comparison) -> None:
    low, high = of(
        small, {"difference": -0.1, "better": False}, {"difference": 0.1, "better": False}
    )
    assert (low.rank, high.rank) == ("front", "dominated")
    assert "better in rmse (-0.1000 ±0.0020 against +0.1000 ±0.0020)" in high.words


def test_rows_judged_on_other_samples_are_not_held_against_each_other(small: Comparison) -> None:
    assert [s.rank for s in of(small, {}, {"deflated": 900_000, "n": 50})] == ["front", "front"]


def test_rows_tested_on_other_data_are_not_held_against_each_other(small: Comparison) -> None:
    both = on_other_data(small)
    assert [found.rank for found in standings(both)] == ["front", "front"]
    assert standings(both)[1].words == "on the front: the only ranked row of its model and data"
    shown = groups(both)
    assert [group.name for group in shown] == [
        "zoo:mobilenet_v2, tested on npz:a.npz",
        "zoo:mobilenet_v2, tested on npz:b.npz",
    ]
    for group in shown:
        assert group.model is not None
        assert {view.row.test_sha256 for view in group.views} == {group.model.test_sha256}
        assert {view.model for view in group.views} == {group.model}
    text = to_markdown(both)
    assert "| float32 <code>zoo:mobilenet_v2, tested on npz:b.npz</code> |" in text
    assert "tested on other samples are not held against each other" in text
    assert "tested on other samples" not in to_markdown(small)


def on_other_data(run: Comparison) -> Comparison:
    """Return the first row and a worse one that was tested on other data, with both baselines."""
    rows = (changed(run.results[0]), changed(run.results[0], deflated=700_000, speed=1.2))
    return run.model_copy(
        update={
            "data": tuple(
                DataRecord(uri=f"npz:{name}.npz", sha256=name, splits={}, test_sha256=name)
                for name in "ab"
            ),
            "models": tuple(
                run.models[0].model_copy(update={"test_sha256": name}) for name in "ab"
            ),
            "results": tuple(
                row.model_copy(update={"test_sha256": name})
                for row, name in zip(rows, "ab", strict=True)
            ),
        }
    )


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"status": "failed", "reason": "exit code 1"}, "not ranked: failed, exit code 1"),
        ({"status": "timeout"}, "not ranked: timeout, no reason was given"),
        ({"deployable": None}, "not ranked: its size was not measured"),
        ({"quality": None}, "not ranked: no accuracy, quality was not measured"),
    ],
)
def test_what_cannot_be_ranked_says_why(
    small: Comparison, update: dict[str, Any], words: str
) -> None:
    row = small.results[0].model_copy(update=update)
    (found,) = standings(small.model_copy(update={"results": (row,)}))
    assert (found.rank, found.words, found.mark) == ("unranked", words, "")


def test_a_row_without_labels_or_without_its_model_is_not_ranked(comparison: Comparison) -> None:
    found = standings(comparison)
    assert found[6].words == "not ranked: no accuracy, the images have no labels"
    blind = of(comparison, {"difference": None})[0]
    assert (
        blind.words == "not ranked: no difference to the float32 input, the baseline has no labels"
    )
    (lost,) = of(comparison.model_copy(update={"models": ()}), {})
    assert lost.words == "not ranked: the model could not be read"


FIGURES = st.fixed_dictionaries(
    {
        "deflated": st.integers(300, 900).map(lambda kilo: kilo * 1000),
        "difference": st.one_of(st.none(), st.floats(-0.02, 0.02)),
        "speed": st.one_of(st.none(), st.floats(0.5, 3)),
    }
)


@given(st.lists(st.tuples(st.sampled_from(STATUSES), FIGURES), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_row_has_a_rank_and_words_for_it(
    small: Comparison, drawn: list[tuple[str, dict[str, Any]]]
) -> None:
    rows = tuple(
        changed(small.results[0], **figures).model_copy(update={"status": status})
        for status, figures in drawn
    )
    found = standings(small.model_copy(update={"results": rows}))
    assert len(found) == len(rows)
    beginnings = {"front": "on the", "near": "not dist", "dominated": "dom", "unranked": "not rank"}
    for standing, (status, _) in zip(found, drawn, strict=True):
        assert standing.words.startswith(beginnings[standing.rank])
        assert (standing.rank == "unranked") or status in {"ok", "no_effect"}
        assert all(number <= len(rows) for number in standing.by)
