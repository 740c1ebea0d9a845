"""A chain carries the layers of the source along, or those of the student that it names."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from boildown import Artifact, Context, Distill, ModelEntry, Quantize, Step, selected_layers
from boildown.errors import RecipeError
from boildown.recipe.steps import Layers

from ..conftest import tiny_model

NAMED, NARROWER = Distill(student="file:s"), Distill(width=0.5)


def context(folder: Path, *steps: Step, index: int) -> Context:
    student = tiny_model()
    for node in student.graph.node:
        node.name = f"own_{node.name}"
    onnx.save(tiny_model(), folder / "source.onnx")
    onnx.save(student, folder / "student.onnx")
    return Context(
        workdir=folder,
        original=Artifact(path=folder / "source.onnx"),
        models={"file:s": ModelEntry(uri="file:s", path=folder / "student.onnx")},
        steps=steps,
        index=index,
    )


@pytest.mark.parametrize(
    ("steps", "index", "name"),
    [
        ((NAMED,), 0, "source"),
        ((NAMED,), 1, "student"),
        ((NAMED, Quantize()), 1, "student"),
        ((NAMED, NARROWER), 2, "student"),
        ((NARROWER, Quantize()), 2, "source"),
    ],
)
def test_the_network_is_the_last_student_that_was_named(
    steps: tuple[Step, ...], index: int, name: str, tmp_path: Path
) -> None:
    assert context(tmp_path, *steps, index=index).network.path.stem == name


def test_layers_behind_a_student_are_selected_by_its_names(tmp_path: Path) -> None:
    step = Quantize(layers=Layers(include=("own_fc",)))
    behind = context(tmp_path, NAMED, step, index=1)
    assert [layer.name for layer in selected_layers(step, behind)] == ["own_fc"]
    with pytest.raises(RecipeError, match="own_fc"):
        selected_layers(step, context(tmp_path, step, index=0))
