"""Who learns from whom: the graphs of a distill step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Artifact, Context, Distill, UnsupportedError, lesson, named_lesson
from boildown.plugins.values import ModelEntry
from onnx import numpy_helper

from ..conftest import tiny_model

TRAIN = {"epochs": 1}


def step(**settings: object) -> Distill:
    return Distill.model_validate({"op": "distill", "train": TRAIN, **settings})


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Return a job whose recipe knows another network by name."""
    for seed, name in enumerate(("original", "other")):
        onnx.save(tiny_model(seed), tmp_path / f"{name}.onnx")
    other = ModelEntry(uri="other", path=tmp_path / "other.onnx")
    source = Artifact(path=tmp_path / "original.onnx")
    return Context(workdir=tmp_path, original=source, models={"other": other})


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def equal(one: onnx.ModelProto, other: onnx.ModelProto) -> bool:
    mine, theirs = weights(one), weights(other)
    return all(np.array_equal(mine[name], theirs[name]) for name in mine)


def test_without_names_the_network_learns_from_the_source(context: Context) -> None:
    given = Artifact(path=context.models["other"].path)
    found = named_lesson(given, step(width=0.4), context)
    assert equal(found.student, tiny_model(1))
    assert equal(found.teacher, tiny_model(0))


def test_student_and_teacher_may_be_named(context: Context) -> None:
    assert equal(lesson(context.original, step(student="other"), context).student, tiny_model(1))
    taught = lesson(context.original, step(width=0.4, teacher="other"), context)
    assert equal(taught.teacher, tiny_model(1))


def test_the_student_is_as_narrow_and_as_fresh_as_the_step_says(context: Context) -> None:
    half = lesson(context.original, step(width=0.4), context).student
    assert weights(half)["conv.weight"].shape == (2, 3, 3, 3)
    anew = lesson(context.original, step(student="other", start="random"), context).student
    assert not equal(anew, tiny_model(1))
    assert weights(anew)["conv.weight"].shape == (5, 3, 3, 3)
    plain = named_lesson(context.original, step(width=0.4, start="random"), context).student
    assert equal(plain, tiny_model(0))


@pytest.mark.parametrize(
    "settings", [{"student": "other"}, {"width": 0.4}, {"width": 0.4, "teacher": "other"}]
)
def test_fixed_batches_are_refused(context: Context, settings: dict[str, object]) -> None:
    fixed = tiny_model(1)
    fixed.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(fixed, context.models["other"].path)
    model = Artifact(path=context.models["other"].path)
    with pytest.raises(UnsupportedError, match="batch"):
        lesson(model, step(**settings), context)
