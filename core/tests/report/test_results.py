from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from boildown.comparison.columns import FIXED, metric_columns
from boildown.comparison.files import write
from boildown.comparison.schema import Comparison
from boildown.errors import UsageError
from boildown.report.notebook import to_html
from boildown.report.records import records
from boildown.report.results import Results
from boildown.report.table import plain


class Reader(HTMLParser):
    """Collects tags and text, and proves that the tags are balanced."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def results(comparison: Comparison, tmp_path: Path) -> Results:
    return Results(comparison, tmp_path)


def test_printing_shows_the_plain_table(results: Results) -> None:
    assert str(results) == plain(results.comparison)


def test_every_column_is_reserved_or_of_a_metric(comparison: Comparison) -> None:
    (first, *_) = records(comparison)
    of_metrics = {column for name in ("top1", "top5") for column in metric_columns(name)}
    assert first.keys() == FIXED | of_metrics
    assert FIXED.isdisjoint(of_metrics)


def test_the_representation_is_short(results: Results, tmp_path: Path) -> None:
    assert repr(results) == f"<Results: 18 rows in {tmp_path}>"


def test_stored_results_are_loaded_again(results: Results, tmp_path: Path) -> None:
    write(results.comparison, tmp_path)
    assert Results.load(tmp_path).rows == results.rows


def test_a_row_is_found_by_its_three_names(results: Results) -> None:
    assert results.row("zoo:mobilenet_v2", "int8-static", "tflite") is results.rows[1]


def test_a_wrong_name_is_answered_with_the_nearest(results: Results) -> None:
    with pytest.raises(UsageError, match="did you mean 'zoo:mobilenet_v2/int8-static/tflite'"):
        results.row("zoo:mobilenet_v2", "int8-statik", "tflite")


def test_a_data_frame_has_one_line_a_row_and_units_in_its_columns(results: Results) -> None:
    frame = results.to_pandas()
    assert len(frame) == 18
    assert frame["bytes"][0] == 663_001
    assert frame["size_ratio"][0] == pytest.approx(2_340_000 / 663_001)
    assert frame["top1_difference"][0] == -0.0012
    assert frame["limits_missed"][4] == "deflated_bytes"
    assert frame["reason"][11] == "used more than 4.0 GB"


def test_without_pandas_the_error_says_what_to_install(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"pip install 'boildown\[pandas\]'"):
        results.to_pandas()


def test_every_record_has_the_same_keys_and_plain_values(comparison: Comparison) -> None:
    found = records(comparison)
    assert len({tuple(record) for record in found}) == 1
    plain_types = (str, int, float, bool, type(None))
    assert all(isinstance(value, plain_types) for record in found for value in record.values())
    assert found[3]["bytes"] is None


def test_records_of_an_unreadable_model_have_no_ratios(comparison: Comparison) -> None:
    found = records(comparison.model_copy(update={"models": ()}))
    assert found[0]["size_ratio"] is found[0]["deflated_ratio"] is None
    assert found[0]["bytes"] == 663_001


def test_the_notebook_shows_the_same_figures(results: Results) -> None:
    page = Reader(results._repr_html_())
    assert {"table", "caption", "th", "td"} <= page.tags
    assert "-0.0012 ±0.0021" in page.text
    assert "could not be read" not in page.text


def test_the_notebook_escapes_text_of_users(results: Results) -> None:
    page = Reader(results._repr_html_())
    assert "script" not in page.tags
    assert "bold" not in page.tags
    assert "models/naïve|modèle <script>alert(1)</script> `x` *y*.onnx" in page.text
    assert "no <2:4> | ever" in page.text


def test_the_notebook_shows_models_that_could_not_be_read(comparison: Comparison) -> None:
    page = Reader(to_html(comparison.model_copy(update={"models": ()})))
    assert "could not be read" in page.text
    assert "float32 input" not in page.text


def test_nothing_told_means_no_empty_list(small: Comparison) -> None:
    row = small.results[0].model_copy(update={"warnings": ()})
    assert to_html(small.model_copy(update={"results": (row,)})).count("<ul>") == 1


def test_results_import_neither_pandas_nor_a_runtime() -> None:
    code = (
        "import sys, boildown.report.results, boildown.report.export, boildown.report.plan\n"
        "print(*({'pandas', 'onnxruntime', 'onnx', 'torch'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert told.stdout.split() == []


def test_the_comparison_layer_does_not_import_rich() -> None:
    code = (
        "import sys, boildown.comparison.files, boildown.comparison.facts\n"
        "print('rich' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert told.stdout.strip() == "False"
