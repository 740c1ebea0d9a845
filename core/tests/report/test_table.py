from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from boildown.comparison.schema import Comparison, LimitCheck, Metric, Quality, Row
from boildown.report.table import ResultsTable, plain
from rich.cells import cell_len
from rich.console import Console

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (80, 100, 120, 160)


def changed(comparison: Comparison, **changes: object) -> Comparison:
    """Return the comparison with every row changed alike."""
    rows = tuple(row.model_copy(update=changes) for row in comparison.results)
    return comparison.model_copy(update={"results": rows})


def line_of(text: str, start: str) -> str:
    """Return the line that begins so, a mark of the front left aside."""
    plainly = ((line, " ".join(re.sub("[●○]", "", line).split())) for line in text.splitlines())
    return next(line for line, words in plainly if words.startswith(start))


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_looks_as_it_was_approved(small: Comparison, width: int) -> None:
    assert plain(small, width=width) == (GOLDEN / f"table-{width}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [20, 40, 60, *WIDTHS, 240])
def test_no_line_is_wider_than_the_terminal(comparison: Comparison, width: int) -> None:
    lines = plain(comparison, width=width).splitlines()
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_and_every_figure_is_there(comparison: Comparison, width: int) -> None:
    text = plain(comparison, width=width)
    rows = re.findall(r"^ ?([0-9]+)[ ●○]+(?:int8|a-rec|dist)", text, flags=re.MULTILINE)
    assert rows == [str(number) for number in range(1, 19)]
    for figure in ("0.663", "3.53", "4.09", "8.13", "0.9201", "-0.0012 ±0.0021", "0.9871", "1.52"):
        assert figure in text
    assert {"12.3", "61.2", "1.37"} <= set(text.replace(chr(215), " ").split())


@pytest.mark.parametrize("width", WIDTHS)
def test_the_float_baseline_is_the_first_line_of_every_model(
    comparison: Comparison, width: int
) -> None:
    lines = plain(comparison, width=width).splitlines()
    rules = [index for index, line in enumerate(lines) if line.startswith("\u2500" * 20)]
    assert len(rules) == 3
    assert all(lines[index + 1].split()[:2] == ["float32", "input"] for index in rules)


def test_rows_without_a_model_have_no_baseline(comparison: Comparison) -> None:
    text = plain(comparison.model_copy(update={"models": ()}))
    assert "zoo:mobilenet_v2  could not be read" in text
    assert "float32 input" not in text
    assert "ratio" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_reasons_warnings_and_missed_limits_are_sentences(
    comparison: Comparison, width: int
) -> None:
    text = " ".join(plain(comparison, width=width).split())
    assert "rows 4, 10, 16 unsupported: step 1, prune.structure: no <2:4> | ever" in text
    assert "row 12 out_of_memory: used more than 4.0 GB" in text
    assert "rows 1, 5 PARTIAL: 3 of 53 layers kept 32 bits: the operator [Gemm] has" in text
    assert "row 5 deflated_bytes: is 530,409; the recipe asks for at most 500,000" in text
    assert "rows 7-8 top-1: the images have no labels" in text


def test_markup_of_users_is_shown_and_not_interpreted(comparison: Comparison) -> None:
    text = plain(comparison)
    assert "[red]下書き[/red].onnx" in text
    assert "toolkit said: zipbomb [bold]x[/bold]" in text
    assert "\x1b" not in text


def test_a_status_is_told_by_words_and_not_by_colour_alone(comparison: Comparison) -> None:
    text = plain(comparison, width=160)
    assert line_of(text, "4 a-recipe").endswith("unsupported")
    assert line_of(text, "5 distill-half").endswith("limit missed")


def test_the_terminal_adds_colour_and_nothing_else(comparison: Comparison) -> None:
    console = Console(
        file=io.StringIO(), width=120, force_terminal=True, color_system="standard", record=True
    )
    console.print(ResultsTable(comparison))
    assert "\x1b[31m" in console.export_text(styles=True, clear=False)
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines == plain(comparison, width=120).splitlines()


@pytest.mark.parametrize(
    ("field", "headings"),
    [
        ("quality", ("difference", "agree")),
        ("speed", ("own float", "p50 ms")),
        ("memory", ("RSS MB",)),
        ("deployable", ("ratio", "bits/")),
    ],
)
def test_columns_without_any_figure_are_left_out(
    comparison: Comparison, field: str, headings: tuple[str, ...]
) -> None:
    with_all = plain(comparison, width=160)
    without = plain(changed(comparison, **{field: None}), width=160)
    assert all(heading in with_all for heading in headings)
    assert not any(heading in without for heading in headings)


def test_a_missing_figure_of_a_measured_row_is_a_dash(comparison: Comparison) -> None:
    text = plain(comparison, width=160)
    assert line_of(text, "11 distill-half").count("\u2013") == 4
    assert "\u2013" not in line_of(text, "12 distill-half")


def test_the_legend_names_denominators_and_n(comparison: Comparison) -> None:
    text = plain(comparison, width=160)
    assert "bytes of the float32 ONNX input / bytes of this file" in text
    assert "top-1        n = 10,000 test samples" in text
    assert "LiteRT (rows 2, 14)" in text


def test_different_numbers_of_samples_are_all_named(small: Comparison) -> None:
    quality = small.results[0].quality
    assert quality is not None
    fewer = quality.metrics[0].model_copy(update={"n": 9_744})
    row = small.results[0].model_copy(
        update={"quality": quality.model_copy(update={"metrics": (fewer,)})}
    )
    both = small.model_copy(update={"results": (row, small.results[1])})
    assert "n = 9,744 or 10,000 test samples" in plain(both)


def test_another_metric_gives_the_columns_its_name(small: Comparison) -> None:
    error = Metric(name="rmse", value=12.5, n=50, difference=0.25, higher_is_better=False)
    quality = Quality(task="regression", measured_on="ONNX Runtime", metrics=(error,))
    text = plain(changed(small.model_copy(update={"models": ()}), quality=quality), width=160)
    assert "rmse" in text
    assert "top-1" not in text


def test_names_of_other_colours_or_widths_keep_the_columns_in_line(small: Comparison) -> None:
    row = small.results[0].model_copy(update={"recipe": "下書き下書き"})
    text = plain(small.model_copy(update={"results": (row, small.results[1])}), width=160)
    wide, narrow = (line_of(text, start) for start in ("1 ", "2 "))
    assert cell_len(wide.split("0.663")[0]) == cell_len(narrow.split("0.663")[0])


def test_what_does_not_fit_at_all_is_said(comparison: Comparison) -> None:
    text = " ".join(plain(comparison, width=56).split())
    assert "Left out for want of room: agree" in text
    assert "Left out" not in plain(comparison, width=80)


def test_a_comparison_without_rows_says_so(comparison: Comparison) -> None:
    empty = comparison.model_copy(update={"models": (), "results": ()})
    assert "No results" in plain(empty)


def test_a_row_without_reason_says_so(small: Comparison) -> None:
    row = Row(model="m", recipe="r", backend="b", status="failed")
    assert "row 1 failed: no reason was given" in plain(
        small.model_copy(update={"results": (row,)})
    )


def test_notes_have_a_column_only_where_there_are_any(small: Comparison) -> None:
    row = small.results[0].model_copy(update={"warnings": ()})
    assert "notes" not in plain(small.model_copy(update={"results": (row,)}), width=160)
    assert "notes" in plain(small, width=160)


def test_reasons_of_missing_speed_memory_size_and_agreement_are_told(small: Comparison) -> None:
    row = small.results[0]
    parts = (row.speed, row.memory, row.deployable, row.quality)
    speed, memory, file, quality = (part.model_copy() for part in parts if part is not None)
    changes = {
        "speed": speed.model_copy(update={"latency_ms": None, "reason": "no clock"}),
        "memory": memory.model_copy(update={"peak_rss_bytes": None, "reason": "no meter"}),
        "deployable": file.model_copy(update={"bits_per_weight": None, "reason": "closed"}),
        "quality": quality.model_copy(update={"agreement": None, "reason": "no first choice"}),
    }
    text = plain(small.model_copy(update={"results": (row.model_copy(update=changes),)}))
    for line in ("speed: no clock", "memory: no meter", "size: closed", "quality: no first choice"):
        assert f"  row 1 {line}" in text.splitlines()


def test_a_missing_ratio_has_its_reason(small: Comparison) -> None:
    row = small.results[0]
    assert row.speed is not None
    alone = row.speed.model_copy(
        update={"versus_same_runtime_float": None, "reason": "the float model did not convert"}
    )
    text = plain(small.model_copy(update={"results": (row.model_copy(update={"speed": alone}),)}))
    assert "  row 1 speed: the float model did not convert" in text.splitlines()


def test_what_does_not_apply_to_a_baseline_is_no_missing_figure(small: Comparison) -> None:
    model = small.models[0]
    quality = model.baseline.quality
    assert quality is not None
    itself = quality.model_copy(update={"reason": "the float model itself has no difference"})
    base = model.baseline.model_copy(update={"quality": itself})
    told = model.model_copy(update={"baseline": base})
    assert "the float model itself" not in plain(small.model_copy(update={"models": (told,)}))


def test_unknown_macs_have_their_reason(small: Comparison) -> None:
    model = small.models[0].model_copy(update={"macs": None, "reason": "Scan has no fixed size"})
    text = plain(small.model_copy(update={"models": (model,)}))
    assert "zoo:mobilenet_v2: Scan has no fixed size" in text
    assert "585,000 parameters\n" in text


def test_a_limit_without_value_says_why(small: Comparison) -> None:
    check = LimitCheck(name="top1", limit=0.9, value=None, ok=False, reason="no labels")
    row = small.results[0].model_copy(update={"limits": (check,)})
    text = plain(small.model_copy(update={"results": (row,)}))
    assert "row 1 top1: has no value (no labels); the recipe asks for at least 0.9000" in text
