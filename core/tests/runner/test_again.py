"""A stored run measured again, on this computer or as if it had come from another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Recipe, compare
from boildown.api import measure
from boildown.comparison.schema import Row
from boildown.errors import UsageError
from boildown.measuring.requests import Failure, Outputs, Target
from boildown.report.results import Results
from boildown.runner import again as module
from boildown.runner.endpoints import Endpoint, endpoint
from boildown.runner.measures import Measures

pytestmark = pytest.mark.usefixtures("rounding", "cache")


@pytest.fixture
def run(model_path: Path, data: str, tmp_path: Path) -> Path:
    """Return the folder of a run with one row."""
    step = {"op": "quantize", "weights": "float16"}
    recipe = Recipe.model_validate({"name": "half", "steps": [step], "limits": {"bytes": 10}})
    folder = tmp_path / "run"
    compare(
        recipe,
        models=str(model_path),
        backends="rounding",
        data=data,
        out=folder,
        timing_seconds=0.05,
    )
    return folder


@pytest.fixture
def again(run: Path, tmp_path: Path) -> Callable[..., Results]:
    return lambda **more: measure(run, out=tmp_path / "again", timing_seconds=0.05, **more)


def changed(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what comparison.json says."""
    file = run / "comparison.json"
    plain = json.loads(file.read_text())
    change(plain)
    file.write_text(json.dumps(plain))


def said(row: Row, code: str) -> list[str]:
    return [warning.text for warning in row.warnings if warning.code == code]


def test_a_file_that_may_run_code_is_opened_with_trust_only(
    again: Callable[..., Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    def careful(*asked: Any) -> Endpoint:
        found = endpoint(*asked)
        info = found.info.model_copy(update={"code_formats": ("onnx",)})
        return found.model_copy(update={"info": info})

    monkeypatch.setattr(module, "endpoint", careful)
    (row,) = again().rows
    assert row.speed is not None
    assert "--trust opens it" in row.speed.reason
    assert row.speed.latency_ms is None
    (row,) = again(trust=True).rows
    assert row.speed is not None
    assert row.speed.latency_ms is not None


def test_one_uri_that_was_judged_in_two_ways_is_not_judged_anew(
    run: Path, again: Callable[..., Results], data: str
) -> None:
    changed(run, lambda plain: plain["models"].append(plain["models"][0]))
    with pytest.raises(UsageError, match="in more than one way"):
        again(data=data)
    assert again().rows


def test_speed_and_memory_are_taken_anew(run: Path, again: Callable[..., Results]) -> None:
    changed(run, lambda plain: plain["machine"].update(cpu="Another CPU"))
    before, results = Results.load(run).rows[0], again()
    (row,) = results.rows
    assert results.comparison.machine.cpu != "Another CPU"
    assert row.speed is not None
    assert row.speed.versus_same_runtime_float is not None
    assert row.speed.device_verified
    assert row.speed != before.speed
    assert row.float_twin is not None
    assert row.float_twin.speed is not None
    assert row.memory is not None
    assert row.memory.peak_rss_bytes
    baseline = results.comparison.models[0].baseline
    assert baseline.speed is not None
    assert baseline.speed.cpu_seconds
    assert [check.ok for check in row.limits] == [False]


def test_what_is_known_of_the_file_stays(run: Path, again: Callable[..., Results]) -> None:
    before, results = Results.load(run).rows[0], again()
    (row,) = results.rows
    assert (row.quality, row.audit, row.cost) == (before.quality, before.audit, before.cost)
    assert row.deployable is not None
    assert (results.folder / row.deployable.path).exists()
    assert "not taken anew: no data were given" in " ".join(said(row, "NOTE"))
    assert (results.folder / "comparison.html").exists()


def test_the_same_outputs_are_said_to_be_the_same(again: Callable[..., Results]) -> None:
    (row,) = again().rows
    assert "outputs for the 5 samples that the run has kept differ by at most 0" in said(
        row, "NOTE"
    )
    assert not said(row, "PARITY")


def test_other_outputs_than_those_of_the_run_are_told(
    run: Path, again: Callable[..., Results]
) -> None:
    (file,) = run.glob("rows/*/golden.npz")
    arrays = dict(np.load(file))
    arrays["output.y"] = -arrays["output.y"]
    np.savez(file, **arrays)
    (row,) = again().rows
    assert "not all have the same class" in said(row, "PARITY")[0]


def test_given_data_are_judged_on(again: Callable[..., Results], data: str) -> None:
    results = again(data=data, samples=20)
    (row,) = results.rows
    assert row.quality is not None
    assert (row.quality.metrics[0].n, row.quality.metrics[0].value) == (20, 1)
    baseline = results.comparison.models[0].baseline
    assert baseline.quality is not None
    assert baseline.quality.metrics[0].n == 20
    assert results.comparison.data[0].splits == {"test": 20}
    assert not any("not taken anew" in text for text in said(row, "NOTE"))


def test_a_file_that_breaks_on_the_given_data_is_no_success(
    again: Callable[..., Results], data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The few samples that the run has kept may be too few to show it."""
    plain = Measures.outputs

    def slow(measures: Measures, target: Target, *more: Any) -> Outputs | Failure:
        found = plain(measures, target, *more)
        whole = isinstance(found, Outputs) and found.n > 20
        return Failure(status="timeout", reason="slow") if whole and more else found

    monkeypatch.setattr(Measures, "outputs", slow)
    (row,) = again(data=data).rows
    assert (row.status, row.reason) == ("timeout", "slow")


def test_a_control_is_kept_beside_the_very_same_data_of_its_model_alone(
    run: Path, data: str, tmp_path: Path
) -> None:
    """Another model of the run may have been tested on what is given now."""
    digest = json.loads((run / "comparison.json").read_text())["models"][0]["test_sha256"]

    def other(plain: dict[str, Any]) -> None:
        (row,) = plain["results"]
        row["control"] = {"quality": row["quality"]}
        for record in (*plain["models"], row):
            record["test_sha256"] = "0" * 64

    (own,) = measure(run, out=tmp_path / "own", data=data, timing_seconds=0.05).rows
    assert own.test_sha256 == digest
    changed(run, other)
    (row,) = measure(run, out=tmp_path / "other", data=data, timing_seconds=0.05).rows
    assert row.control is None


def test_warnings_of_quality_are_those_of_the_given_data(
    run: Path, again: Callable[..., Results], data: str, tmp_path: Path
) -> None:
    arrays = dict(np.load(data.removeprefix("npz:")))
    arrays["test_y"] = (arrays["test_y"] + 1) % 4
    np.savez(tmp_path / "wrong.npz", **arrays)
    (row,) = again(data=f"npz:{tmp_path / 'wrong.npz'}").rows
    assert said(row, "NEAR_CHANCE")

    def stale(plain: dict[str, Any]) -> None:
        plain["results"][0]["warnings"].append({"code": "NEAR_CHANCE", "text": "of other data"})

    changed(run, stale)
    (row,) = measure(run, out=tmp_path / "right", data=data, timing_seconds=0.05).rows
    assert not said(row, "NEAR_CHANCE")


def test_a_row_that_failed_there_and_runs_here_is_ok(
    run: Path, again: Callable[..., Results], data: str
) -> None:
    def failed(plain: dict[str, Any]) -> None:
        plain["results"][0] |= {"status": "timeout", "reason": "stopped after 1 s"}

    changed(run, failed)
    (row,) = again(data=data).rows
    assert (row.status, row.reason) == ("ok", "")


def test_a_report_puts_both_runs_side_by_side(
    run: Path, again: Callable[..., Results], tmp_path: Path
) -> None:
    from boildown.api import report

    changed(run, lambda plain: plain["machine"].update(cpu="Another CPU"))
    both = report([run, again().folder], out=tmp_path / "both")
    assert [row.machine for row in both.rows] == [0, 1]
    assert all((both.folder / model.path).exists() for model in both.comparison.models)


def test_files_of_the_core_s_runtime_need_no_plugin(
    again: Callable[..., Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boildown.runner.again.Registry.get", _uninstalled)
    (row,) = again().rows
    assert row.speed is not None
    assert row.speed.versus_same_runtime_float is not None


def test_other_files_without_their_plugin_are_not_measured_and_say_why(
    run: Path, again: Callable[..., Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(run, lambda plain: plain["results"][0]["speed"].update(runtime="A phone's"))
    monkeypatch.setattr("boildown.runner.again.Registry.get", _uninstalled)
    (row,) = again().rows
    assert row.speed is not None
    assert row.speed.latency_ms is None
    assert "no backend 'rounding'" in row.speed.reason
    assert row.quality is not None


def _uninstalled(_: object, name: str, **_others: object) -> None:
    from boildown.errors import UnknownBackendError

    raise UnknownBackendError(f"no backend {name!r}")


def test_a_row_without_a_model_stays_with_its_reason(
    run: Path, again: Callable[..., Results]
) -> None:
    none = {"deployable": None, "status": "failed", "reason": "it broke"}
    changed(run, lambda plain: plain["results"][0].update(none))
    (row,) = again().rows
    assert (row.status, row.reason) == ("failed", "it broke")


@pytest.mark.parametrize(
    ("pattern", "what"), [("rows/*/*.onnx", "compressed"), ("models/*.onnx", "source")]
)
def test_what_was_changed_after_the_run_is_not_measured(
    run: Path, again: Callable[..., Results], pattern: str, what: str
) -> None:
    (file,) = run.glob(pattern)
    model = onnx.load(file)
    model.doc_string = "changed"
    onnx.save(model, file)
    with pytest.raises(UsageError, match=f"{what}.*is not the model that was measured"):
        again()


def test_a_run_that_has_not_kept_its_source_says_so(
    run: Path, again: Callable[..., Results]
) -> None:
    changed(run, lambda plain: plain["models"][0].update(path=""))
    with pytest.raises(UsageError, match="has not kept its source"):
        again()


def test_what_cannot_be_heeded_is_refused_and_not_left_out(again: Callable[..., Results]) -> None:
    with pytest.raises(UsageError, match="data: "):
        again(data="")
    with pytest.raises(UsageError, match="--samples counts those of --data"):
        again(samples=3)


def test_a_run_is_not_overwritten(run: Path) -> None:
    with pytest.raises(UsageError, match="a folder of its own"):
        measure(run, out=run)


def test_several_runs_in_one_are_measured_one_by_one(
    run: Path, again: Callable[..., Results], tmp_path: Path
) -> None:
    from boildown.api import report

    both = report([run, again().folder], out=tmp_path / "both")
    with pytest.raises(UsageError, match="name one of these"):
        measure(both.folder, out=tmp_path / "third")
