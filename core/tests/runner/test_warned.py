"""What the host warns of on its own."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import onnx
import pytest
from boildown import Artifact, BackendInfo, Prune, Quantize, Step, Warned
from boildown.comparison.audited import Audit, LayerAudit
from boildown.comparison.schema import Latency, Metric, Parity, Quality, Ratio, Speed
from boildown.job.protocol import JobResult, StepReport
from boildown.model.layers import Layer, source_layers
from boildown.recipe.steps import Layers
from boildown.runner import warned
from boildown.runner.subjects import Subject

INFO = BackendInfo(toolkit="LiteRT", distribution="numpy", offers=(), targets_this_computer=False)


class Model:
    """As much of a subject as the warnings look at."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    def layers_behind(self, steps: tuple[Step, ...]) -> list[Layer]:
        return self.layers


def audit(bits: float = 8, **changed: bool) -> Audit:
    rows = tuple(
        LayerAudit(
            layer=name, op="Conv", shape=(1,), changed=yes, bits=bits, sparsity=0, distinct_values=1
        )
        for name, yes in changed.items()
    )
    return Audit(
        layers_changed=sum(changed.values()),
        layers_total=len(changed),
        bits=8,
        sparsity=0,
        distinct_values=1,
        source="test",
        layers=rows,
    )


def speed(low: float, high: float) -> Speed:
    ratio = Ratio(median=(low + high) / 2, q1=low, q3=high, n=20, interval=(low, high))
    return Speed(
        runtime="LiteRT",
        device_verified=False,
        batch=1,
        threads=1,
        instruction_sets=(),
        latency_ms=Latency(p50=1, p90=1),
        load_ms=1,
        first_ms=1,
        cpu_seconds=1,
        versus_same_runtime_float=ratio,
        versus_onnxruntime_float=None,
    )


def quality(difference: float | None) -> Quality:
    metric = Metric(name="top1", value=0.9, n=100, difference=difference)
    return Quality(task="classification", measured_on="x", metrics=(metric,))


def codes(found: list[Warned]) -> list[str]:
    return [warning.code for warning in found]


@pytest.fixture
def subject(tiny: onnx.ModelProto) -> Subject:
    return cast("Subject", Model(source_layers(tiny)))


def test_every_approximation_is_a_warning_of_its_step() -> None:
    note = Warned(code="NOTE", text="n")
    report = StepReport(
        op="prune",
        settings={},
        artifact=Artifact(path=Path("x")),
        approximations=("rounded",),
        warnings=(note,),
    )
    found = warned.of_steps(JobResult(status="ok", steps=(report,)))
    assert found == [note, Warned(code="APPROXIMATED", text="step 1, prune: rounded")]


def test_layers_that_a_step_was_asked_to_change_and_did_not_are_partial(subject: Subject) -> None:
    (found,) = warned.of_audit(audit(conv=True, fc=False), subject, (Quantize(),))
    assert (found.code, found.text) == ("PARTIAL", "1 of 2 layers are unchanged: fc")


def test_layers_that_an_earlier_step_changed_are_partial_where_quantizing_left_them_out(
    subject: Subject,
) -> None:
    chain = (Prune(sparsity=0.5), Quantize())
    (found,) = warned.of_audit(audit(32, conv=True, fc=True), subject, chain)
    told = "step 2, quantize: 2 of 2 layers are still of 32 bits: conv, fc"
    assert (found.code, found.text) == ("PARTIAL", told)
    assert warned.of_audit(audit(8, conv=True, fc=True), subject, chain) == []
    assert warned.of_audit(audit(32, conv=True, fc=True), subject, chain[:1]) == []


def test_layers_that_were_left_out_on_purpose_are_not_partial(subject: Subject) -> None:
    step = Prune(sparsity=0.5, layers=Layers(include=("conv",)))
    assert warned.of_audit(audit(conv=True, fc=False), subject, (step,)) == []
    assert warned.of_audit(None, subject, (step,)) == []


def test_disagreement_of_native_and_onnx_form_is_parity() -> None:
    apart = Parity(max_abs_difference=1.0, top1_agreement=0.99, n=1000)
    near = Parity(max_abs_difference=1.0, top1_agreement=0.996, n=1000)
    assert codes(warned.of_parity(apart, ())) == ["PARITY"]
    assert warned.of_parity(near, ()) == []
    assert codes(warned.of_parity(None, ("layer conv differs",))) == ["PARITY"]


def test_a_control_that_failed_is_told_with_its_reason() -> None:
    late = JobResult(status="timeout", reason="too slow")
    assert codes(warned.of_lack("NO_CONTROL", late)) == ["NO_CONTROL"]
    assert "too slow" in warned.of_lack("NO_CONTROL", late)[0].text
    assert warned.of_lack("NO_CONTROL", JobResult(status="ok")) == []


def test_slower_means_the_whole_interval_below_1() -> None:
    assert codes(warned.of_speed(speed(0.7, 0.9), INFO, "onnx")) == [
        "SLOWER",
        "NOT_DEVICE_VERIFIED",
    ]
    assert codes(warned.of_speed(speed(0.9, 1.1), INFO, "onnx")) == ["NOT_DEVICE_VERIFIED"]
    assert warned.of_speed(None, INFO, "onnx") == []


@pytest.mark.parametrize(
    ("ours", "control", "said"),
    [(0.02, 0.03, True), (0.02, 0.01, False), (-0.01, 0.03, False), (None, 0.03, False)],
)
def test_a_gain_that_the_training_alone_gives_too_is_said(
    ours: float | None, control: float, *, said: bool
) -> None:
    found = warned.of_control(quality(ours), quality(control))
    assert codes(found) == (["CONTROL_EXPLAINS_GAIN"] if said else [])


def test_of_several_formats_only_one_may_be_for_a_device() -> None:
    info = INFO.model_copy(
        update={
            "targets_this_computer": True,
            "device_formats": ("pte",),
            "runtimes": {"pte": "ExecuTorch"},
        }
    )
    assert warned.of_speed(speed(0.9, 1.1), info, "onnx") == []
    (warning,) = warned.of_speed(speed(0.9, 1.1), info, "pte")
    assert "the device that ExecuTorch is made for" in warning.text
    assert info.runtime_of("onnx") == "LiteRT"


def test_a_file_whose_runtime_is_not_here_says_so() -> None:
    found = warned.of_absent_runtime("requires a phone", "LiteRT", "that of its ONNX form")
    assert found.code == "NOT_DEVICE_VERIFIED"
    assert found.text.startswith("nothing was run in LiteRT: requires a phone;")
