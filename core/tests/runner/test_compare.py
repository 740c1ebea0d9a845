"""Whole runs on the tiny model: rows, files, cache, gaps, broken data, interruption."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import boildown
import numpy as np
import onnx
import pytest
from boildown import DataError
from boildown.api import compare, run
from boildown.errors import (
    UnknownBackendError,
    UnsupportedError,
    UsageError,
)
from boildown.job.protocol import JobResult
from boildown.runner.carry_out import Done
from boildown.runner.cells import CellRun, Kind
from boildown.runner.events import Event

from .recipes import recipe

pytestmark = pytest.mark.usefixtures("rounding", "cache")


def test_a_run_measures_one_row_and_lays_its_files_down(asked: dict[str, Any]) -> None:
    results = compare(recipe(), **asked)
    (row,) = results.rows
    assert (row.status, row.reason) == ("ok", "")
    assert row.quality is not None
    assert row.quality.metrics[0].n == 30
    assert row.audit is not None
    assert (row.audit.layers_changed, row.audit.layers_total) == (2, 2)
    assert row.speed is not None
    assert row.speed.versus_onnxruntime_float is not None
    assert row.memory is not None
    assert row.deployable is not None
    assert onnx.load(asked["out"] / row.deployable.path).graph.node[0].op_type == "Conv"
    golden = np.load(asked["out"] / Path(row.deployable.path).with_name("golden.npz"))
    assert golden["input.x"].shape == (5, 3, 8, 8)


def test_the_comparison_on_disk_is_the_one_returned(asked: dict[str, Any]) -> None:
    results = compare(recipe(), **asked)
    stored = json.loads((asked["out"] / "comparison.json").read_text())
    assert stored == json.loads(results.comparison.model_dump_json(by_alias=True))
    assert boildown.load_results(asked["out"]).comparison == results.comparison
    assert "half" in (asked["out"] / "comparison.md").read_text()
    assert "half" in (asked["out"] / "comparison.html").read_text()


def test_a_second_run_comes_from_the_cache(asked: dict[str, Any]) -> None:
    first = compare(recipe(), **asked)
    second = compare(recipe(), **asked)
    assert first.comparison == second.comparison


def test_a_gap_is_a_row_with_its_reason(asked: dict[str, Any]) -> None:
    results = compare([recipe(), recipe("int8", step={"weights": "int8"})], **asked)
    assert [row.status for row in results.rows] == ["ok", "unsupported"]
    assert "weights" in results.rows[1].reason


def test_several_gaps_of_a_row_are_told_apart(asked: dict[str, Any]) -> None:
    both = {"weights": "int8", "activations": "int8"}
    (row,) = compare(recipe("int8", step=both), **asked).rows
    assert "\n" not in row.reason
    assert "; step 1, quantize: activations int8 is not offered" in row.reason


def test_a_strict_run_refuses_a_gap(asked: dict[str, Any]) -> None:
    asked |= {"model": asked.pop("models"), "backend": asked.pop("backends")}
    with pytest.raises(UnsupportedError, match="rounding cannot carry out 'int8'"):
        run(recipe("int8", step={"weights": "int8"}), **asked)


def test_a_run_without_measuring_compresses_only(asked: dict[str, Any]) -> None:
    asked |= {"model": asked.pop("models"), "backend": asked.pop("backends")}
    (row,) = run(recipe(), measure=False, **asked).rows
    assert (row.status, row.quality, row.speed) == ("ok", None, None)
    assert row.deployable is not None


def test_a_step_that_copies_its_input_is_no_effect_even_unmeasured(asked: dict[str, Any]) -> None:
    asked |= {"model": asked.pop("models"), "backend": asked.pop("backends")}
    idle = recipe(step={"with": {"rounding": {"behave": "nothing"}}})
    (row,) = run(idle, measure=False, **asked).rows
    assert row.status == "no_effect"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_job_that_fails_spoils_no_other(asked: dict[str, Any], jobs: int) -> None:
    broken = recipe("broken", step={"with": {"rounding": {"behave": "raise"}}})
    results = compare([broken, recipe()], jobs=jobs, **asked)
    assert [row.status for row in results.rows] == ["failed", "ok"]
    assert "divided by zero" in results.rows[0].reason


def test_a_step_that_changes_nothing_is_no_effect(
    asked: dict[str, Any], tiny: onnx.ModelProto
) -> None:
    for tensor in tiny.graph.initializer:
        rounded = onnx.numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(rounded, tensor.name))
    onnx.save(tiny, asked["models"])
    (row,) = compare(recipe(), **asked).rows
    assert row.status == "no_effect"
    assert row.quality is not None


def test_limits_are_held_against_the_row(asked: dict[str, Any]) -> None:
    limits = {"bytes": 10, "top1_difference": -0.5, "sqnr_db": 10, "speedup": 0.01}
    (row,) = compare(recipe(limits=limits), **asked).rows
    assert {check.name: check.ok for check in row.limits} == {
        "bytes": False,
        "top1_difference": True,
        "sqnr_db": True,
        "speedup": True,
    }


def test_a_limit_on_what_was_not_measured_is_missed(asked: dict[str, Any]) -> None:
    given = {"model": asked["models"], "backend": "rounding", "out": asked["out"]}
    (row,) = run(recipe(limits={"bytes": 1e9, "speedup": 0.01}), measure=False, **given).rows
    assert {check.name: check.ok for check in row.limits} == {"bytes": True, "speedup": False}


def test_a_copy_of_a_model_is_a_model_of_its_own(asked: dict[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(Path(asked["models"]).read_bytes())
    results = compare(recipe(), **asked | {"models": [asked["models"], str(copy)]})
    uris = [asked["models"], str(copy)]
    assert [record.uri for record in results.comparison.models] == uris
    assert [row.model for row in results.rows] == uris


def test_numbers_beyond_their_range_are_the_callers_mistake(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"jobs: .* 256"):
        compare(recipe(), jobs=300, **asked)
    with pytest.raises(UsageError, match=r"timing_seconds: .* 600"):
        compare(recipe(), **asked | {"timing_seconds": 1000})


def test_a_folder_that_cannot_be_is_refused_before_anything_runs(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file"):
        compare(recipe(), **asked | {"out": tmp_path / "file/sub"})
    assert not (tmp_path / "cache").exists() or not any((tmp_path / "cache").rglob("job.json"))
    monkeypatch.setenv("BOILDOWN_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(UsageError, match="BOILDOWN_CACHE"):
        compare(recipe(), **asked)


def test_a_float_twin_that_fails_is_told(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    carry = CellRun._carry

    def slow(cell: CellRun, kind: Kind) -> Done:
        done = carry(cell, kind)
        late = JobResult(status="timeout", reason="too slow")
        return replace(done, result=late) if kind == "twin" else done

    monkeypatch.setattr(CellRun, "_carry", slow)
    (row,) = compare(recipe(), **asked).rows
    assert (row.status, row.float_twin) == ("ok", None)
    (text,) = [warning.text for warning in row.warnings if warning.code == "NO_TWIN"]
    assert "timeout: too slow" in text


def test_a_cache_may_be_moved(asked: dict[str, Any], tmp_path: Path) -> None:
    before = compare(recipe(), cache=tmp_path / "here", **asked).rows[0]
    (tmp_path / "here").rename(tmp_path / "there")
    after = compare(recipe(), cache=tmp_path / "there", **asked).rows[0]
    assert after.quality == before.quality


def test_a_baseline_that_misses_what_is_expected_stops_the_run(asked: dict[str, Any]) -> None:
    model = Path(asked["models"])
    onnx.save(_other_weights(model), model)
    with pytest.raises(DataError, match="expect"):
        compare(recipe(expect={"top1": 0.99}), **asked)
    assert not asked["out"].exists()


def test_what_a_model_expects_does_not_hold_on_other_data(asked: dict[str, Any]) -> None:
    model = Path(asked["models"])
    onnx.save(_other_weights(model), model)
    model.with_suffix(".yaml").write_text(f"data: {asked['data']}\nexpect: {{top1: 0.99}}\n")
    with pytest.raises(DataError, match="expect"):
        compare(recipe(), **{**asked, "data": None})
    other = Path(asked["data"].removeprefix("npz:")).with_name("other.npz")
    other.write_bytes(Path(asked["data"].removeprefix("npz:")).read_bytes())
    assert compare(recipe(), **{**asked, "data": f"npz:{other}"}).rows[0].status == "ok"


def test_outputs_that_are_no_numbers_are_told_and_blamed_on_nothing_else(
    asked: dict[str, Any], tmp_path: Path
) -> None:
    x = np.full((30, 3, 8, 8), np.nan, np.float32)
    np.savez(tmp_path / "nan.npz", test_x=x, test_y=np.arange(30) % 4)
    (row,) = compare(recipe(), **{**asked, "data": f"npz:{tmp_path / 'nan.npz'}"}).rows
    told = [(w.code, w.text) for w in row.warnings if "NaN" in w.text]
    assert [code for code, _ in told] == ["NOTE", "NOTE"]
    assert "the float model: 30 of 30 samples give NaN" in told[0][1]
    assert "NEAR_CHANCE" not in {w.code for w in row.warnings}


def test_backends_of_the_configuration_take_part_unasked(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"info": {"toolkit": "mine", "distribution": "", "offers": []}, "environment": {}}
    (tmp_path / "npu.py").write_text(f"print({json.dumps(answer)!r})")
    program = json.dumps([sys.executable, str(tmp_path / "npu.py")])
    (tmp_path / "boildown.toml").write_text(f"[backends.npu]\ncommand = {program}\n")
    monkeypatch.chdir(tmp_path)
    rows = compare(recipe(), **{**asked, "backends": ()}).rows
    assert "npu" in {row.backend for row in rows}
    with pytest.raises(UnknownBackendError, match="did you mean 'npu'"):
        compare(recipe(), **{**asked, "backends": "npv"})


def test_everything_is_announced(asked: dict[str, Any]) -> None:
    heard: list[Event] = []
    compare(recipe(), on_event=heard.append, **asked)
    title = f"{asked['models']} / half / rounding"
    assert {event.text for event in heard if event.kind == "part"} >= {"quantize", "deploy"}
    assert [e.status for e in heard if e.kind == "ended" and e.job == title] == ["ok"]


def test_a_folder_with_other_files_is_not_written_to(asked: dict[str, Any]) -> None:
    asked["out"].mkdir()
    (asked["out"] / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        compare(recipe(), **asked)


def test_an_interrupted_run_can_be_repeated(asked: dict[str, Any]) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "part" and event.text == "deploy":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(recipe(), on_event=interrupt, **asked)
    (row,) = compare(recipe(), **asked).rows
    assert row.status == "ok"


def _other_weights(path: Path) -> onnx.ModelProto:
    model = onnx.load(path)
    tensor = next(t for t in model.graph.initializer if t.name == "fc.weight")
    values = -onnx.numpy_helper.to_array(tensor)
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    return model
