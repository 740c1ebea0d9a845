"""The warnings that the host itself finds for a row, beside those of the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..measuring.checks import metric_of
from ..measuring.effects import one_sided
from ..measuring.quality import not_finite
from ..measuring.requests import Outputs
from ..measuring.speedup import slower
from ..model.selection import select_layers
from ..plugins.values import BackendInfo, Warned
from ..recipe.steps import Quantize

if TYPE_CHECKING:
    from ..comparison.audited import Audit
    from ..comparison.schema import Metric, Parity, Quality, Row, Speed
    from ..job.protocol import JobResult
    from ..measuring.requests import Failure
    from ..recipe.steps import Step
    from .subjects import Subject

_LEAST_AGREEMENT = 0.995
_SHOWN = 5
#: Of a weight that no quantization has reached.
_FLOAT_BITS = 32
Lack = Literal["NO_TWIN", "NO_CONTROL"]
#: What is not there, and what follows from it.
_LACKS: dict[Lack, tuple[str, str]] = {
    "NO_TWIN": (
        "the float model in the same format",
        "layers are compared with the source's, and nothing is timed against it",
    ),
    "NO_CONTROL": (
        "the same training without compression",
        "what it alone gives is not known",
    ),
}


def of_steps(result: JobResult) -> list[Warned]:
    """Return what the backend warned of, and every approximation that it made."""
    found: list[Warned] = []
    for index, report in enumerate(result.steps):
        found += report.warnings
        found += [
            Warned(code="APPROXIMATED", text=f"step {index + 1}, {report.op}: {how}")
            for how in report.approximations
        ]
    return found


def of_lack(code: Lack, result: JobResult) -> list[Warned]:
    """Warn where the job that was to give what a row is held against did not end well."""
    if result.status == "ok":
        return []
    what, then = _LACKS[code]
    text = f"{what} did not end well ({result.status}: {result.reason}): {then}"
    return [Warned(code=code, text=text)]


def of_audit(audit: Audit | None, subject: Subject, steps: tuple[Step, ...]) -> list[Warned]:
    """Warn where layers that a step was asked to change are as they were, or not of fewer bits.

    The second is seen by their bits alone: an earlier step of the chain, or a batch norm folded
    into them, has changed their values.
    """
    if audit is None or audit.layers_changed == 0:
        return []
    chosen = [
        {
            layer.name
            for layer in select_layers(
                subject.layers_behind(steps[:index]), step.layers.include, step.layers.exclude
            )
        }
        for index, step in enumerate(steps)
    ]
    asked = set().union(*chosen)
    same = [row.layer for row in audit.layers if not row.changed and row.layer in asked]
    found = [f"{len(same)} of {len(asked)} layers are unchanged: {_first(same)}"] if same else []
    for index, (step, names) in enumerate(zip(steps, chosen, strict=True)):
        wide = [
            row.layer
            for row in audit.layers
            if isinstance(step, Quantize) and row.layer in names and row.bits >= _FLOAT_BITS
        ]
        if {*wide} - {*same}:
            found.append(
                f"step {index + 1}, {step.op}: {len(wide)} of {len(names)} layers are still of"
                f" {_FLOAT_BITS} bits: {_first(wide)}"
            )
    return [Warned(code="PARTIAL", text=text) for text in found]


def _first(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def of_outputs(outputs: Outputs | Failure) -> list[Warned]:
    """Warn where what ships gives no numbers."""
    text = not_finite(outputs) if isinstance(outputs, Outputs) else ""
    return [Warned(code="NOTE", text=text)] if text else []


def of_parity(parity: Parity | None, disagreements: tuple[str, ...]) -> list[Warned]:
    """Warn where the native file and its ONNX form are not the same network."""
    found = [Warned(code="PARITY", text=text) for text in disagreements]
    if parity is not None and parity.top1_agreement is not None:
        agreement = parity.top1_agreement
        if agreement < _LEAST_AGREEMENT:
            text = f"native and ONNX form give the same class on {agreement:.2%} of n {parity.n}"
            found.append(Warned(code="PARITY", text=text))
    return found


def of_speed(speed: Speed | None, info: BackendInfo, form: str) -> list[Warned]:
    """Warn of rows that are slower, or that were not timed where their format will run."""
    found: list[Warned] = []
    if speed is not None and (warning := slower(speed)) is not None:
        found.append(warning)
    if speed is not None and speed.latency_ms is not None and not info.is_for_here(form):
        runtime = info.runtime_of(form)
        text = f"timed on this computer, not on the device that {runtime} is made for"
        found.append(Warned(code="NOT_DEVICE_VERIFIED", text=text))
    return found


def of_gain(row: Row) -> list[Warned]:
    """Warn where a row is smaller than its float twin and gains no time by it."""
    if row.deployable is None or row.float_twin is None:
        return []
    found = one_sided(row.deployable, row.float_twin.deployable, row.speed)
    return [found] if found is not None else []


def of_absent_runtime(reason: str, runtime: str, quality: str) -> Warned:
    """Warn that a file was never run in the runtime that it is made for."""
    text = f"nothing was run in {runtime}: {reason}; quality is {quality}"
    return Warned(code="NOT_DEVICE_VERIFIED", text=text)


def of_control(quality: Quality | None, control: Quality | None) -> list[Warned]:
    """Warn where the same training without compression gains as much as the row does."""
    ours, theirs = _top1(quality), _top1(control)
    if ours is None or theirs is None or ours.difference is None or theirs.difference is None:
        return []
    if ours.difference <= 0 or theirs.difference < ours.difference:
        return []
    text = (
        f"top-1 rose by {ours.difference:+.4f}, but the float model with the same training rose "
        f"by {theirs.difference:+.4f}: the training explains the gain, not the compression"
    )
    return [Warned(code="CONTROL_EXPLAINS_GAIN", text=text)]


def _top1(quality: Quality | None) -> Metric | None:
    return metric_of(quality, "top1") if quality is not None else None
