"""Several runs as one comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boildown.comparison import schema as s
from boildown.comparison.merging import merged, moved
from boildown.errors import UsageError


def machine(cpu: str) -> s.Machine:
    return s.Machine(cpu=cpu, instruction_sets=(), cores=2, threads=1, os="Linux", python="3.11")


def row(backend: str, status: str = "ok", **more: Any) -> s.Row:
    return s.Row.model_validate(
        {"model": "m.onnx", "recipe": "r", "backend": backend, "status": status, **more}
    )


SPEED = s.Speed(
    runtime="ONNX Runtime", device_verified=False, batch=1, threads=1, instruction_sets=(),
    latency_ms=None, load_ms=None, first_ms=None, cpu_seconds=0.1,
    versus_same_runtime_float=None, versus_onnxruntime_float=None,
)  # fmt: skip


def run(
    cpu: str, *rows: s.Row, sha256: str = "a", bits: int = 4, seed: int = 0, tested: str = ""
) -> s.Comparison:
    size = s.Size(bytes=8, deflated_bytes=8, bits_per_weight=32, entropy_bits_per_weight=9)
    baseline = s.Baseline(size=size, quality=None, speed=None, memory=None)
    model = s.ModelRecord(
        uri="m.onnx",
        sha256=sha256,
        parameters=2,
        macs=2,
        preprocessing=None,
        baseline=baseline,
        test_sha256=tested,
    )
    return s.Comparison(
        machine=machine(cpu),
        models=(model,),
        recipes=({"name": "r", "seed": seed, "steps": [{"op": "cluster", "bits": bits}]},),
        results=tuple(row.model_copy(update={"test_sha256": tested}) for row in rows),
    )


def test_rows_of_several_machines_stand_side_by_side() -> None:
    whole = merged([("a", run("x86", row("tflite"))), ("b", run("M4", row("coreml")))])
    assert [where.cpu for where in whole.machines] == ["x86", "M4"]
    assert [(r.backend, r.machine) for r in whole.results] == [("tflite", 0), ("coreml", 1)]
    assert [model.machine for model in whole.models] == [0, 1]
    assert len(whole.recipes) == 1


def test_of_one_job_on_one_machine_the_last_run_counts() -> None:
    first, second = run("x86", row("tflite", "failed"), row("torch")), run("x86", row("tflite"))
    whole = merged([("a", first), ("b", second)])
    assert [(r.backend, r.status) for r in whole.results] == [("tflite", "ok"), ("torch", "ok")]
    assert len(whole.models) == 1


def test_the_same_job_on_other_test_data_is_another_row_with_its_own_baseline() -> None:
    first, second = run("x86", row("torch"), tested="a"), run("x86", row("torch"), tested="b")
    whole = merged([("a", first), ("b", second)])
    assert [found.test_sha256 for found in whole.results] == ["a", "b"]
    assert [model.test_sha256 for model in whole.models] == ["a", "b"]


def test_a_run_that_tested_nothing_takes_no_row_and_no_baseline_away() -> None:
    tested = run("x86", row("torch"), tested="a")
    bare = run("x86", row("torch"), row("tflite"))
    for order in ((tested, bare), (bare, tested)):
        whole = merged([("first", order[0]), ("second", order[1])])
        assert {(r.backend, r.test_sha256) for r in whole.results} == {
            ("torch", "a"),
            ("tflite", ""),
        }
        assert whole.models == tested.models


def test_without_data_too_a_row_that_was_only_compressed_takes_no_speed_away() -> None:
    timed = run("x86", row("torch", speed=SPEED))
    bare, failed = run("x86", row("torch")), run("x86", row("torch", "failed"))
    for order in ((timed, bare), (bare, timed)):
        (found,) = merged([("first", order[0]), ("second", order[1])]).results
        assert found.speed == SPEED
    (found,) = merged([("first", timed), ("second", failed)]).results
    assert found.status == "failed"


def test_the_same_job_on_two_machines_is_two_rows() -> None:
    whole = merged([("a", run("x86", row("tflite"))), ("b", run("M4", row("tflite")))])
    assert [r.machine for r in whole.results] == [0, 1]


def test_a_merged_comparison_can_be_merged_again() -> None:
    two = merged([("a", run("x86", row("tflite"))), ("b", run("M4", row("coreml")))])
    three = merged([("c", run("arm", row("tflite"))), ("ab", two)])
    assert [(three.machines[r.machine].cpu, r.backend) for r in three.results] == [
        ("arm", "tflite"),
        ("x86", "tflite"),
        ("M4", "coreml"),
    ]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"sha256": "b"}, "a and b both have a model 'm.onnx'"),
        ({"bits": 2}, "have a recipe 'r', but with other steps"),
        ({"seed": 1}, "with other seed"),
    ],
)
def test_different_things_of_one_name_are_refused(other: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        merged([("a", run("x86", row("tflite"))), ("b", run("M4", row("torch"), **other))])


def test_paths_point_to_the_files_of_the_run() -> None:
    file = {
        "path": "rows/001/model.onnx",
        "format": "onnx",
        "sha256": "c",
        "bytes": 1,
        "deflated_bytes": 1,
        "bits_per_weight": 1,
        "entropy_bits_per_weight": 1,
        "parameters": 1,
        "macs": 1,
    }
    source = {"versions": {}, "seed": 0, "key": "k", "log": "rows/001/log.txt"}
    before = run("x86", row("torch", deployable=file, provenance=source))
    (after,) = moved(before, Path("runs/today"), Path("reports/all")).results
    assert after.deployable is not None
    assert after.deployable.path == "../../runs/today/rows/001/model.onnx"
    assert after.provenance is not None
    assert after.provenance.log == "../../runs/today/rows/001/log.txt"
