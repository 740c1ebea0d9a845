"""A deployable is held against the network whose layers it has: the source, or a named student."""

from __future__ import annotations

from pathlib import Path

import onnx
from boildown import Artifact, Distill, ModelEntry, Step, source_layers
from boildown.job.protocol import JobResult
from boildown.model.normalize import normalize
from boildown.model.state import onnx_layer_states
from boildown.runner.facts import Facts, deployable_facts
from boildown.runner.store import Store
from boildown.runner.subject_data import Digests
from boildown.runner.subjects import Subject
from onnx import numpy_helper

from ..conftest import tiny_model


def judged(folder: Path, *steps: Step) -> Facts:
    """Return what is known of a student with layers of other names, whose `fc` was trained."""
    student = tiny_model(1)
    for node in student.graph.node:
        node.name = f"own_{node.name}"
    onnx.save(tiny_model(), folder / "given.onnx")
    onnx.save(student, folder / "student.onnx")
    (tensor,) = (item for item in student.graph.initializer if item.name == "fc.weight")
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 2, tensor.name))
    onnx.save(student, folder / "trained.onnx")
    source = normalize(folder / "given.onnx", folder / "source.onnx")
    layers = tuple(source_layers(source.path))
    subject = Subject(
        entry=ModelEntry(uri="source", path=source.path),
        normalized=source,
        layers=layers,
        data=None,
        digests=Digests(),
        models={"file:s": ModelEntry(uri="file:s", path=folder / "student.onnx")},
    )
    made = Artifact(path=folder / "trained.onnx")
    result = JobResult(status="ok", deployable=made, onnx=made)
    before = onnx_layer_states(source.path, layers)
    return deployable_facts(subject, result, before, Store(folder / "cache"), steps)


def test_a_named_student_is_held_against_itself_as_it_came(tmp_path: Path) -> None:
    audit = judged(tmp_path, Distill(student="file:s")).audit
    assert audit is not None
    assert {row.layer: row.changed for row in audit.layers} == {"own_conv": False, "own_fc": True}


def test_a_student_of_the_same_graph_is_held_against_the_source(tmp_path: Path) -> None:
    audit = judged(tmp_path, Distill(width=0.5)).audit
    assert audit is not None
    assert {row.layer: row.changed for row in audit.layers} == {"conv": True, "fc": True}
