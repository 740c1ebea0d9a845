"""Distilling: a narrower or a named student learns what the teacher says, and ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import DataError, Distill, Preprocessing, Quantize, Train, UnsupportedError
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from boildown_torch.fresh import start_anew
from boildown_torch.importer import import_onnx

from .jobs import normalised, run, samples, session, shipped, weights

TRAIN = Train(epochs=8, batch_size=8, learning_rate=3e-3)
STUDENT, TEACHER = "file:student", "file:teacher"


def asked(**settings: Any) -> Distill:
    return Distill.model_validate({"width": 0.5, "train": TRAIN, "alpha": 1.0} | settings)


def distance(teacher: Path, path: Path) -> float:
    """Return how far the outputs of a file are from the teacher's, as a share of these."""
    inputs = samples(teacher)
    wanted = session(teacher).run(None, inputs)[0]
    found = session(path).run(None, {session(path).get_inputs()[0].name: inputs["x"]})[0]
    wanted, found = (scores - scores.mean(1, keepdims=True) for scores in (wanted, found))
    return float(((found - wanted) ** 2).sum() / (wanted**2).sum())


def other(folder: Path, *, classes: int = 10, side: int = 12, stem: str = "first") -> Path:
    """Write a small network of other layers, inputs and outputs, and of few channels."""
    graph = Graph(7)
    x = graph.relu(graph.conv("image", stem, 12, 3, 3, 3))
    x = graph.relu(graph.conv(x, "second", 16, 12, 3, 3, strides=[2, 2]))
    model = graph.model({"image": (3, side, side)}, graph.head(x, 16, classes))
    folder.mkdir()
    return normalised(model, folder)


def test_a_named_student_ships_under_the_names_of_the_source(tmp_path: Path) -> None:
    source, student = normalised(GRAPHS["plain"](), tmp_path), other(tmp_path / "student")
    result = run(source, asked(width=None, student=STUDENT), models={STUDENT: student})
    path = shipped(result)
    assert [item.name for item in session(path).get_inputs()] == ["x"]
    assert [item.name for item in session(path).get_outputs()] == ["y"]
    assert [state.layer for state in result.layers or []] == ["first", "second", "fc"]
    assert distance(source, path) < 0.7 * distance(source, student)
    assert result.steps[0].cost.epochs == 8


def test_steps_behind_a_named_student_find_its_layers(tmp_path: Path) -> None:
    source, student = normalised(GRAPHS["plain"](), tmp_path), other(tmp_path / "student")
    steps = asked(width=None, student=STUDENT), Quantize(weights="int4")
    result = run(source, *steps, models={STUDENT: student})
    assert shipped(result)
    assert {state.layer: state.bits for state in result.layers or []} == {
        "first": 4, "second": 4, "fc": 8,
    }  # fmt: skip


def test_a_named_teacher_is_believed_instead_of_the_source(tmp_path: Path) -> None:
    source, teacher = normalised(GRAPHS["plain"](), tmp_path), other(tmp_path / "teacher")
    (tmp_path / "student").mkdir()
    student = normalised(GRAPHS["plain"](), tmp_path / "student")
    step = asked(width=None, student=STUDENT, teacher=TEACHER)
    result = run(source, step, models={STUDENT: student, TEACHER: teacher})
    inputs = samples(source)
    taught = session(shipped(result)).run(None, inputs)[0].argmax(1)
    wanted = session(teacher).run(None, {"image": inputs["x"]})[0].argmax(1)
    before = session(source).run(None, inputs)[0].argmax(1)
    assert (taught == wanted).mean() > 0.8 > (before == wanted).mean()


@pytest.mark.parametrize(
    ("made", "words"),
    [({"side": 14}, "'x' of file:student has the shape .*14"), ({"classes": 7}, "'y' of file:s")],
)
def test_a_student_of_other_shapes_is_refused(
    made: dict[str, int], words: str, tmp_path: Path
) -> None:
    source, student = normalised(GRAPHS["plain"](), tmp_path), other(tmp_path / "student", **made)
    with pytest.raises(UnsupportedError, match=words):
        run(source, asked(width=None, student=STUDENT), models={STUDENT: student})
