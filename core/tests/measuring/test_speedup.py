from __future__ import annotations

from typing import Any

import pytest
from boildown.comparison.schema import Speed
from boildown.errors import UsageError
from boildown.measuring.requests import SpeedTimes, Times
from boildown.measuring.speedup import no_speed, slower, speed


def times(name: str, seconds: float, *, wall: float = 1.5) -> Times:
    drift = [1 + 0.1 * i for i in range(10)]
    return Times(
        name=name,
        load_ms=5,
        first_ms=3,
        p50_ms=seconds * wall * 1e3,
        p90_ms=seconds * wall * 2e3,
        inner=3,
        cpu=tuple(seconds * factor for factor in drift),
        wall=tuple(seconds * wall * factor for factor in drift),
    )


GROUP = (
    times("this", 0.01),
    times("twin", 0.03),
    times("float32", 0.02),
    times("onnx", 0.04),
    Times(name="refused", status="unsupported", reason="requires macOS"),
)


def build(name: str = "this", *, settled: bool = True, **more: Any) -> Speed:
    group = SpeedTimes(targets=GROUP, batch=1, settled=settled)
    how: dict[str, Any] = {
        "runtime": "LiteRT",
        "device_verified": False,
        "instruction_sets": ["avx2"],
    }
    return speed(group, name, **(how | more))


def test_a_row_has_its_ratios_against_both_float_models() -> None:
    found = build(twin="twin", float32="float32", onnx="onnx")
    assert found.versus_same_runtime_float is not None
    assert found.versus_same_runtime_float.median == pytest.approx(3)
    assert found.versus_onnxruntime_float is not None
    assert found.versus_onnxruntime_float.median == pytest.approx(2)
    assert found.reason == ""
    assert (found.device_verified, found.instruction_sets) == (False, ("avx2",))


def test_cpu_seconds_are_the_median_and_latency_is_wall_time() -> None:
    found = build(twin="twin", float32="float32")
    assert found.cpu_seconds == pytest.approx(0.0145)
    assert found.latency_ms is not None
    assert (found.latency_ms.p50, found.latency_ms.p90) == pytest.approx((15, 30))
    assert found.wall is not None
    assert found.wall.versus_same_runtime_float is not None
    assert found.wall.versus_same_runtime_float.median == pytest.approx(3)


def test_the_onnx_form_has_times_of_its_own() -> None:
    found = build(twin="twin", float32="float32", onnx="onnx").onnx
    assert found is not None
    assert found.latency_ms.p50 == pytest.approx(60)
    assert found.versus_onnxruntime_float is not None
    assert found.versus_onnxruntime_float.median == pytest.approx(0.5)
    assert found.versus_same_runtime_float is None


def test_a_missing_or_failed_float_model_is_said() -> None:
    missing = build(float32="float32")
    assert missing.versus_same_runtime_float is None
    assert missing.reason == "no ratio: no other float model was timed in the same runtime"
    failed = build(twin="refused", float32="float32")
    assert failed.versus_same_runtime_float is None
    assert failed.reason.endswith("failed in the same runtime: requires macOS")


def test_the_float_model_itself_has_no_ratios_and_says_so() -> None:
    found = build("float32")
    assert found.versus_onnxruntime_float is None
    assert found.reason.startswith("the float model itself")
    assert found.latency_ms is not None


def test_a_target_that_did_not_run_has_a_reason_and_its_onnx_form_has_times() -> None:
    found = build("refused", twin="twin", float32="float32", onnx="onnx")
    assert (found.latency_ms, found.cpu_seconds, found.wall) == (None, None, None)
    assert found.versus_onnxruntime_float is None
    assert found.reason == "requires macOS"
    assert found.onnx is not None


def test_an_onnx_form_that_did_not_run_has_no_times() -> None:
    assert build(twin="twin", float32="float32", onnx="refused").onnx is None


def test_ratios_that_did_not_settle_are_said() -> None:
    assert "did not settle" in build(settled=False, twin="twin", float32="float32").reason


def test_a_name_that_was_not_timed_is_an_error() -> None:
    with pytest.raises(UsageError, match="'other' was not timed"):
        build("other")


def test_no_speed_has_only_a_reason() -> None:
    found = no_speed("killed", runtime="LiteRT")
    assert (found.latency_ms, found.reason, found.device_verified) == (None, "killed", False)


def test_slower_is_said_only_where_the_whole_interval_lies_below_one() -> None:
    assert slower(build(twin="twin", float32="float32")) is None
    warned = slower(build("onnx", twin="twin", float32="float32"))
    assert warned is not None
    assert warned.code == "SLOWER"
    assert "0.75 of its speed" in warned.text
    assert slower(no_speed("killed", runtime="LiteRT")) is None
    touching = build("float32", twin="twin", float32="float32")
    assert slower(touching) is None
