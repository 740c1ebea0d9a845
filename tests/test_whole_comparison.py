"""The main job on real input: a trained network, real images, every figure, twice."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import boildown
import jsonschema
import pytest
from boildown import Prune, Recipe
from boildown.comparison.schema import Row
from boildown.runner.events import Event

Command = Callable[..., subprocess.CompletedProcess[str]]

MODEL = "zoo:squeezenet1_1"
#: Far below every weight that was trained: nothing becomes zero.
NOTHING = Recipe(name="nothing", steps=(Prune(criterion="threshold", threshold=1e-30),))


def compare(folder: Path, events: list[Event]) -> boildown.Results:
    return boildown.compare(
        ["int8-static", NOTHING],
        models=MODEL,
        backends="onnxruntime",
        samples=500,
        timing_seconds=1,
        out=folder / "out",
        cache=folder / "cache",
        on_event=events.append,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("comparison")


@pytest.fixture(scope="module")
def first(folder: Path) -> boildown.Results:
    return compare(folder, [])


@pytest.fixture(scope="module")
def int8(first: boildown.Results) -> Row:
    return first.row(MODEL, "int8-static", "onnxruntime")


@pytest.fixture(scope="module")
def nothing(first: boildown.Results) -> Row:
    return first.row(MODEL, "nothing", "onnxruntime")


def test_int8_is_small_and_as_accurate(int8: Row) -> None:
    assert (int8.status, int8.reason) == ("ok", "")
    assert int8.deployable is not None
    assert int8.quality is not None
    top1 = int8.quality.metrics[0]
    assert (top1.name, top1.n) == ("top1", 500)
    assert top1.value > 0.85
    assert top1.difference_interval is not None
    low, high = top1.difference_interval
    assert -0.05 < low <= top1.difference <= high < 0.05
    assert int8.audit is not None
    assert int8.audit.layers_changed == int8.audit.layers_total
    assert int8.deployable.bits_per_weight is not None
    assert 6.5 < int8.deployable.bits_per_weight < 8.5


def test_the_file_that_ships_is_the_file_that_was_measured(
    first: boildown.Results, int8: Row
) -> None:
    assert int8.deployable is not None
    file = first.folder / int8.deployable.path
    assert file.stat().st_size == int8.deployable.bytes
    baseline = first.comparison.models[0].baseline.size
    assert baseline.bytes / int8.deployable.bytes > 3.5


def test_every_path_in_the_comparison_is_there_and_relative(first: boildown.Results) -> None:
    stored = json.loads((first.folder / "comparison.json").read_text())
    paths = [row["deployable"]["path"] for row in stored["results"]]
    logs = [row["provenance"]["log"] for row in stored["results"]]
    paths += [log for log in logs if log is not None]  # a job that printed nothing has none
    paths += [row["float_twin"]["deployable"]["path"] for row in stored["results"]]
    assert [p for p in paths if Path(p).is_absolute() or not (first.folder / p).is_file()] == []


def test_the_stored_comparison_is_valid_by_its_schema_and_a_broken_one_is_not(
    first: boildown.Results, command: Command
) -> None:
    schema = json.loads(command("schema", "comparison").stdout)
    stored = json.loads((first.folder / "comparison.json").read_text())
    jsonschema.validate(stored, schema)
    stored["results"][0]["status"] = "splendid"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(stored, schema)


def test_table_and_page_and_data_frame_name_every_row(first: boildown.Results) -> None:
    page = (first.folder / "comparison.md").read_text()
    for text in (str(first), page, first._repr_html_()):
        assert "int8-static" in text
        assert "nothing" in text
        assert "float32" in text
    frame = first.to_pandas()
    assert list(frame["recipe"]) == ["int8-static", "nothing"]
    assert set(frame["status"]) == {"ok", "no_effect"}


def test_a_recipe_without_effect_says_so_and_keeps_its_measurements(nothing: Row) -> None:
    assert nothing.status == "no_effect"
    assert nothing.audit is not None
    assert nothing.audit.layers_changed == 0
    assert nothing.quality is not None
    assert nothing.memory is not None
    assert nothing.memory.peak_rss_bytes


def test_a_recipe_without_effect_differs_in_nothing(nothing: Row) -> None:
    assert nothing.quality is not None
    for metric in nothing.quality.metrics:
        assert metric.difference == 0
        assert metric.difference_interval is not None
        assert metric.difference_interval[0] <= 0 <= metric.difference_interval[1]
    assert nothing.quality.agreement == 1


def test_a_recipe_without_effect_is_as_fast_as_before(nothing: Row, int8: Row) -> None:
    assert nothing.speed is not None
    for ratio in (nothing.speed.versus_same_runtime_float, nothing.speed.versus_onnxruntime_float):
        assert ratio is not None
        # The true ratio is 1; other work on this computer may push a second of timing aside.
        assert 0.85 < ratio.median < 1.18
        assert ratio.interval[0] < 1.1
        assert ratio.interval[1] > 0.9
    assert int8.speed is not None
    assert int8.speed.versus_onnxruntime_float is not None


def test_a_second_run_is_the_same_and_starts_no_process(
    folder: Path, first: boildown.Results, started: list[str]
) -> None:
    before = (folder / "out" / "comparison.json").read_bytes()
    events: list[Event] = []
    assert compare(folder, events).comparison == first.comparison
    assert (folder / "out" / "comparison.json").read_bytes() == before
    assert started == []
    assert {event.text for event in events if event.kind == "part"} == {"measure"}
