"""A comparison as a real run would leave it, with everything in it that is hard to show."""

from __future__ import annotations

from typing import Any

import pytest
from boildown.comparison import schema as s
from boildown.comparison.audited import Audit, LayerAudit
from boildown.data.preprocessing import Preprocessing
from boildown.job.protocol import Cost
from boildown.plugins.values import Warned

PLAIN = "zoo:mobilenet_v2"
HOSTILE = "models/naïve|modèle <script>alert(1)</script> `x` *y*.onnx"
MARKUP = "[red]下書き[/red].onnx"
LONG = "a-recipe-with-an-uncommonly-long-name"
HIDDEN = "zip\x1b[31m\x07bomb"
PHONE = Warned(
    code="NOT_DEVICE_VERIFIED", text="LiteRT ran on this computer, not on a phone: speed differs."
)
SPLIT = Warned(code="PARTIAL", text="3 of 53 layers kept 32 bits: the operator [Gemm] has no int8.")


def ratio(median: float) -> s.Ratio:
    return s.Ratio(
        median=median,
        q1=median - 0.02,
        q3=median + 0.02,
        n=30,
        interval=(median - 0.015, median + 0.01),
    )


def metric(value: float, difference: float | None, **more: Any) -> s.Metric:
    interval = None if difference is None else (difference - 0.0021, difference + 0.0018)
    return s.Metric(
        name="top1",
        value=value,
        n=10_000,
        interval=(value - 0.005, value + 0.005),
        difference=difference,
        difference_interval=interval,
        **more,
    )


def quality(value: float, difference: float | None, where: str = "ONNX Runtime") -> s.Quality:
    top5 = metric(0.9987, None).model_copy(update={"name": "top5"})
    return s.Quality(
        task="classification",
        measured_on=where,
        metrics=(metric(value, difference), top5),
        agreement=None if difference is None else 0.9871,
        sqnr_db=None if difference is None else 23.4,
    )


def speed(own: float | None, runtime: str, p50: float = 1.234) -> s.Speed:
    return s.Speed(
        runtime=runtime,
        device_verified=runtime != "LiteRT",
        batch=1,
        threads=1,
        instruction_sets=("avx2", "avx512_vnni"),
        latency_ms=s.Latency(p50=p50, p90=p50 * 1.1),
        load_ms=12.0,
        first_ms=3.1,
        cpu_seconds=p50 / 1000,
        versus_same_runtime_float=None if own is None else ratio(own),
        versus_onnxruntime_float=None if own is None else ratio(own * 0.9),
    )


def deployable(number: int, size: int, form: str) -> s.Deployable:
    return s.Deployable(
        path=f"models/{number}/model.{form}",
        format=form,
        sha256=f"{number:064x}",
        bytes=size,
        deflated_bytes=int(size * 0.8),
        bits_per_weight=8.13,
        entropy_bits_per_weight=5.9,
        parameters=585_000,
        macs=24_100_000,
    )


def measured(number: int, model: str, recipe: str, backend: str, **changes: Any) -> s.Row:
    phone = backend == "tflite"
    row = s.Row(
        model=model,
        recipe=recipe,
        backend=backend,
        status="ok",
        warnings=(PHONE,) if phone else (),
        steps=(
            s.StepDone(
                op="quantize",
                settings={
                    "weights": "int8",
                    "activations": "int8",
                    "observer": None,
                    "layers": {"include": [], "exclude": ["a|b", "type:Conv"]},
                    "with": {},
                },
                approximations=("observer 'mse' became 'minmax'",) if phone else (),
            ),
        ),
        deployable=deployable(number, 663_000 + number, "tflite" if phone else "onnx"),
        quality=quality(0.9201, -0.0012, "LiteRT" if phone else "ONNX Runtime"),
        float_twin=s.FloatTwin(
            deployable=deployable(100 + phone, 2_340_000, "onnx"),
            quality=quality(0.9213, 0.0),
            speed=speed(None, "LiteRT" if phone else "ONNX Runtime"),
        ),
        speed=speed(1.52, "LiteRT" if phone else "ONNX Runtime"),
        memory=s.Memory(peak_rss_bytes=61_200_000),
        energy=s.Energy(reason="this computer has no readable energy counter"),
        parity=s.Parity(max_abs_difference=0.0002, top1_agreement=1.0, n=256),
        audit=Audit(
            layers_changed=50,
            layers_total=53,
            bits=8.1,
            sparsity=0.02,
            distinct_values=255,
            source="ONNX form",
            layers=(
                LayerAudit(
                    layer="/features/0|1/Conv",
                    op="Conv",
                    shape=(32, 3, 3, 3),
                    changed=True,
                    bits=8,
                    sparsity=0.0,
                    distinct_values=201,
                ),
            ),
        ),
        cost=Cost(wall_seconds=31.2, cpu_seconds=40.1, peak_rss_bytes=812_000_000, epochs=0),
        limits=(s.LimitCheck(name="top1_difference", limit=-0.01, value=-0.0012, ok=True),),
        provenance=s.Provenance(
            versions={"onnxruntime": "1.32.0"}, seed=7, key="ab" * 32, log=f"logs/{number}.txt"
        ),
    )
    return row.model_copy(update=changes)


def without(model: str, recipe: str, backend: str, status: str, reason: str) -> s.Row:
    return s.Row(model=model, recipe=recipe, backend=backend, status=status, reason=reason)


def record(uri: str, **changes: Any) -> s.ModelRecord:
    made = s.ModelRecord(
        uri=uri,
        sha256="c" * 64,
        parameters=585_000,
        macs=24_100_000,
        preprocessing=Preprocessing(resize=32, mean=(0.5,), std=(0.25,)),
        baseline=s.Baseline(
            size=s.Size(
                bytes=2_340_000,
                deflated_bytes=2_170_000,
                bits_per_weight=32.0,
                entropy_bits_per_weight=21.7,
            ),
            quality=quality(0.9213, None),
            speed=speed(None, "ONNX Runtime", 1.91),
            memory=s.Memory(peak_rss_bytes=64_000_000),
        ),
    )
    return made.model_copy(update=changes)


def rows() -> tuple[s.Row, ...]:
    unlabelled = s.Quality(
        task="classification",
        measured_on="ONNX Runtime",
        metrics=(s.Metric(name="top1", value=None, n=0, reason="the images have no labels"),),
        agreement=0.97,
        sqnr_db=21.0,
    )
    missed = (s.LimitCheck(name="deflated_bytes", limit=500_000, value=530_409, ok=False),)
    slower = Warned(code="SLOWER", text="0.61 times the speed of float32 in ONNX Runtime.")
    return (
        measured(1, PLAIN, "int8-static", "onnxruntime", warnings=(SPLIT,)),
        measured(2, PLAIN, "int8-static", "tflite"),
        measured(3, PLAIN, LONG, "onnxruntime", status="no_effect", reason="no layer changed"),
        without(PLAIN, LONG, "tflite", "unsupported", "step 1, prune.structure: no <2:4> | ever"),
        measured(5, PLAIN, "distill-half", "onnxruntime", limits=missed, warnings=(slower, SPLIT)),
        without(PLAIN, "distill-half", "tflite", "timeout", "stopped after 600 s in step 1"),
        measured(7, HOSTILE, "int8-static", "onnxruntime", quality=unlabelled),
        measured(8, HOSTILE, "int8-static", "tflite", quality=unlabelled),
        without(HOSTILE, LONG, "onnxruntime", "failed", f"toolkit said: {HIDDEN} [bold]x[/bold]"),
        without(HOSTILE, LONG, "tflite", "unsupported", "step 1, prune.structure: no <2:4> | ever"),
        measured(11, HOSTILE, "distill-half", "onnxruntime", speed=None, memory=None),
        without(HOSTILE, "distill-half", "tflite", "out_of_memory", "used more than 4.0 GB"),
        measured(13, MARKUP, "int8-static", "onnxruntime", parity=None),
        measured(14, MARKUP, "int8-static", "tflite", speed=speed(0.61, "LiteRT", 12.3)),
        measured(15, MARKUP, LONG, "onnxruntime"),
        without(MARKUP, LONG, "tflite", "unsupported", "step 1, prune.structure: no <2:4> | ever"),
        measured(17, MARKUP, "distill-half", "onnxruntime", audit=None, energy=s.Energy(joules=2)),
        without(MARKUP, "distill-half", "tflite", "timeout", "stopped after 600 s in step 1"),
    )


@pytest.fixture
def comparison() -> s.Comparison:
    blind = record(HOSTILE).baseline.model_copy(
        update={"quality": None, "reason": "the images have no labels"}
    )
    return s.Comparison(
        machine=s.Machine(
            cpu="Intel(R) Xeon(R) Platinum 8375C",
            instruction_sets=("avx2", "avx512_vnni"),
            cores=2,
            threads=1,
            os="Linux 6.1",
            python="3.11.7",
        ),
        data=(
            s.DataRecord(
                uri="zoo:fashion-mnist",
                sha256="d" * 64,
                splits={"train": 30_000, "calibration": 256, "test": 10_000},
            ),
        ),
        models=(record(PLAIN), record(HOSTILE, baseline=blind), record(MARKUP)),
        recipes=({"recipe": 1, "name": "int8-static", "steps": [{"op": "quantize"}]},),
        results=rows(),
    )


@pytest.fixture
def small(comparison: s.Comparison) -> s.Comparison:
    """One model with an ok row, a warned one and an unsupported one."""
    kept = tuple(comparison.results[index] for index in (0, 1, 3))
    return comparison.model_copy(update={"models": comparison.models[:1], "results": kept})
