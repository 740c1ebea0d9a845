"""What the files of a job say about themselves: sizes, parameters, layers before and after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..artifact import Artifact
from ..comparison.audited import Audit
from ..comparison.schema import Size
from ..frozen import Frozen
from ..job.environment import digest, source_digest
from ..measuring.audit import audit, cross_check
from ..measuring.size import measure_size
from ..model.inspect import count_work
from ..model.state import LayerState, onnx_layer_states
from .cached import cached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..job.protocol import JobResult
    from ..model.layers import Layer
    from ..recipe.steps import Step
    from .store import Store
    from .subjects import Subject


NOT_ASKED = "measuring was not asked for"


class SourceFacts(Frozen):
    """The float source: what every ratio and every audit starts from."""

    size: Size
    parameters: int | None
    macs: int | None
    states: tuple[LayerState, ...]


class Facts(Frozen):
    """One deployable, decoded."""

    size: Size
    parameters: int | None
    macs: int | None
    audit: Audit | None
    states: tuple[LayerState, ...] | None = None
    #: Where the backend's own decoder and the ONNX form disagree.
    disagreements: tuple[str, ...] = ()
    reason: str = ""


def plain_source_facts(subject: Subject) -> SourceFacts:
    """Return what is known of the source without reading it, for runs that measure nothing."""
    size = _plain_size(subject.model)
    return SourceFacts(size=size, parameters=None, macs=None, states=())


def plain_facts(deployable: Artifact) -> Facts:
    """Return what is known of a deployable without reading it, for runs that measure nothing."""
    size = _plain_size(deployable)
    return Facts(size=size, parameters=None, macs=None, audit=None, reason=NOT_ASKED)


def source_facts(subject: Subject, store: Store) -> SourceFacts:
    """Decode the normalised source, once."""
    key = digest({"model": subject.normalized.sha256, "core": source_digest("boildown")})

    def compute(_: Path) -> SourceFacts:
        states = tuple(onnx_layer_states(subject.model.path, subject.layers))
        work = count_work(subject.model.path)
        shared = {layer.name: layer.weight for layer in subject.layers}
        size = measure_size(subject.model, states, _weights(subject), shared)
        return SourceFacts(size=size, parameters=work.parameters, macs=work.macs, states=states)

    return cached(store, "source-facts", key, SourceFacts, compute)


def deployable_facts(
    subject: Subject,
    result: JobResult,
    before: Sequence[LayerState],
    store: Store,
    steps: Sequence[Step] = (),
) -> Facts:
    """Decode what a job made, once; `result` has a deployable.

    `before` is what the layers are held against: those of the float twin, since many toolkits fold
    batch norms into the weights while they deploy; of the source for the twin itself. Where
    `steps` name a student, the result is held against the student as it came.
    """
    layers, network = subject.layers_behind(steps), subject.network(steps)
    if network != subject.model:
        before = onnx_layer_states(network.path, layers)
    key = digest(
        {
            "model": subject.normalized.sha256,
            "files": [a.digest if a else None for a in (result.deployable, result.onnx)],
            "layers": [s.model_dump(mode="json") for s in result.layers or ()],
            "before": [s.model_dump(mode="json") for s in before],
            "core": source_digest("boildown"),
        }
    )
    return cached(store, "facts", key, Facts, lambda _: _decode(subject, result, before, layers))


def _decode(
    subject: Subject,
    result: JobResult,
    before: Sequence[LayerState],
    layers: Sequence[Layer],
) -> Facts:
    deployable = result.deployable or Artifact(path=Path())
    onnx = None if result.onnx is None else tuple(onnx_layer_states(result.onnx.path, layers))
    states = result.layers if result.layers is not None else onnx
    disagreements: list[str] = []
    if result.layers is not None and onnx is not None:
        disagreements = cross_check(result.layers, onnx)
    work = count_work(result.onnx.path) if result.onnx is not None else None
    source = "the backend's decoder" if result.layers is not None else "the ONNX form"
    return Facts(
        size=measure_size(
            deployable, states, _weights(subject), {layer.name: layer.weight for layer in layers}
        ),
        parameters=work.parameters if work else None,
        macs=work.macs if work else None,
        audit=audit(before, states, layers, source) if states is not None else None,
        states=None if states is None else tuple(states),
        disagreements=tuple(disagreements),
        reason="; ".join(filter(None, (result.layers_reason, result.onnx_reason))),
    )


def _plain_size(artifact: Artifact) -> Size:
    return Size(
        bytes=artifact.bytes,
        deflated_bytes=None,
        bits_per_weight=None,
        entropy_bits_per_weight=None,
        reason=NOT_ASKED,
    )


def _weights(subject: Subject) -> int:
    """Count the weights of the source; one that several layers share counts once."""
    return sum({layer.weight: layer.size for layer in subject.layers}.values())
