"""A deployable is held against the network whose layers it has: the source, or a named student."""

from __future__ import annotations

from pathlib import Path

import onnx
from boildown import Artifact, Distill, ModelEntry, Port, Ports, Preprocessing, Step, source_layers
from boildown.comparison.facts import OF_SOURCE
from boildown.comparison.stored import facts_of
from boildown.job.protocol import JobResult
from boildown.model.normalize import normalize
from boildown.model.state import onnx_layer_states
from boildown.runner.deliver import write_facts
from boildown.runner.facts import Facts, deployable_facts
from boildown.runner.store import Store
from boildown.runner.subject_data import Digests
from boildown.runner.subjects import Subject
from onnx import numpy_helper

from ..conftest import tiny_model


def source(folder: Path, preprocessing: Preprocessing | None = None) -> Subject:
    """Return the tiny model without data, with a student named."""
    onnx.save(tiny_model(), folder / "given.onnx")
    normalized = normalize(folder / "given.onnx", folder / "source.onnx")
    return Subject(
        entry=ModelEntry(uri="source", path=normalized.path, preprocessing=preprocessing),
        normalized=normalized,
        layers=tuple(source_layers(normalized.path)),
        data=None,
        digests=Digests(),
        models={"file:s": ModelEntry(uri="file:s", path=folder / "student.onnx")},
    )


def judged(folder: Path, *steps: Step) -> Facts:
    """Return what is known of a student with layers of other names, whose `fc` was trained."""
    student = tiny_model(1)
    for node in student.graph.node:
        node.name = f"own_{node.name}"
    onnx.save(student, folder / "student.onnx")
    (tensor,) = (item for item in student.graph.initializer if item.name == "fc.weight")
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 2, tensor.name))
    onnx.save(student, folder / "trained.onnx")
    subject = source(folder)
    made = Artifact(path=folder / "trained.onnx")
    result = JobResult(status="ok", deployable=made, onnx=made)
    before = onnx_layer_states(subject.model.path, subject.layers)
    return deployable_facts(subject, result, before, Store(folder / "cache"), steps)


def test_a_named_student_is_held_against_itself_as_it_came(tmp_path: Path) -> None:
    audit = judged(tmp_path, Distill(student="file:s")).audit
    assert audit is not None
    assert {row.layer: row.changed for row in audit.layers} == {"own_conv": False, "own_fc": True}


def test_a_student_of_the_same_graph_is_held_against_the_source(tmp_path: Path) -> None:
    audit = judged(tmp_path, Distill(width=0.5)).audit
    assert audit is not None
    assert {row.layer: row.changed for row in audit.layers} == {"conv": True, "fc": True}


def test_the_facts_are_those_of_the_file_that_ships(tmp_path: Path) -> None:
    given = Port(name="x", dtype="int8", shape=(1, 8, 8, 3), layout="nhwc", scale=0.1, zero_point=3)
    made = Port(name="y", dtype="float32", shape=("N", 4))
    result = JobResult(status="ok", ports=Ports(inputs=(given,), outputs=(made,)))
    write_facts(source(tmp_path, Preprocessing(resize=8)), result, tmp_path)
    facts = facts_of(tmp_path)
    assert (facts.inputs, facts.outputs, facts.ports_note) == ((given,), (made,), "")


def test_ports_of_the_source_in_place_of_the_files_are_called_so(tmp_path: Path) -> None:
    write_facts(source(tmp_path, Preprocessing(resize=8)), JobResult(status="ok"), tmp_path)
    facts = facts_of(tmp_path)
    assert facts.ports_note == OF_SOURCE
    assert [(p.name, p.shape, p.layout) for p in facts.inputs] == [("x", ("N", 3, 8, 8), "nchw")]
