"""Distilling: a narrower or a named student learns what the teacher says, and ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import (
    Artifact,
    Context,
    DataError,
    DataManifest,
    Distill,
    ModelEntry,
    Preprocessing,
    Quantize,
    Train,
    UnsupportedError,
)
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from boildown_torch.distill import distill
from boildown_torch.fresh import start_anew
from boildown_torch.importer import import_onnx
from onnx import numpy_helper

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


@pytest.mark.parametrize("network", ["plain", "batch_norm", "residual"])
def test_a_narrower_student_has_the_width_and_has_learnt(network: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    taught, untaught = (
        run(source, asked(train=TRAIN.model_copy(update={"learning_rate": rate})))
        for rate in (3e-3, 1e-12)
    )
    full = {name: values.shape for name, values in weights(source, source).items()}
    for state in taught.layers or []:
        ends = [state.shape[0] / full[state.layer][0], state.shape[1] / full[state.layer][1]]
        assert ends == [1 if state.layer == "fc" else 0.5, 1 if state.layer == "stem" else 0.5]
    assert distance(source, shipped(taught)) < 0.5 * distance(source, shipped(untaught))


def test_a_student_begins_with_the_channels_of_most_use_or_anew(tmp_path: Path) -> None:
    model = GRAPHS["plain"]()
    (stem,) = (item for item in model.graph.initializer if item.name == "stem.weight")
    filters = (
        numpy_helper.to_array(stem) * np.where(np.arange(16) % 2, 1, 0.01)[:, None, None, None]
    )
    stem.CopyFrom(numpy_helper.from_array(filters.astype(np.float32), stem.name))
    source, still = normalised(model, tmp_path), TRAIN.model_copy(update={"learning_rate": 1e-12})
    made = {
        start: weights(source, shipped(run(source, asked(start=start, train=still))))["stem"]
        for start in ("weights", "random")
    }
    np.testing.assert_allclose(made["weights"], filters[1::2], atol=1e-6)
    assert np.abs(made["random"] - filters[1::2]).max() > 0.1


def test_starting_anew_forgets_weights_and_statistics_and_repeats_with_the_seed(
    tmp_path: Path,
) -> None:
    modules = [import_onnx(normalised(GRAPHS["batch_norm"](), tmp_path)) for _ in range(3)]
    for module, seed in zip(modules, (1, 1, 2), strict=True):
        start_anew(module, seed)
    one, same, other = (module.state_dict() for module in modules)
    assert all(bool((one[name] == same[name]).all()) for name in one)
    assert not bool((one["stem.weight"] == other["stem.weight"]).any())
    assert bool((one["stem_norm.running_mean"] == 0).all())
    assert bool((one["stem_norm.running_var"] == 1).all())


def test_weights_that_the_graph_computes_are_not_drawn_anew(tmp_path: Path) -> None:
    """They could not be written back, so the file would not compute what was trained."""
    graph = Graph(0)
    scaled = graph.node("Mul", [graph.weight("v", 4, 3, 3, 3), graph.constant("g", 2.0)], "w")
    x = graph.relu(graph.node("Conv", ["x", scaled], "stem", pads=[1, 1, 1, 1]))
    model = graph.model({"x": (3, 6, 6)}, graph.head(x, 4))
    module = import_onnx(model)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    start_anew(module, 1)
    after = module.state_dict()
    assert torch.equal(before["stem.weight"], after["stem.weight"])
    assert not torch.equal(before["fc.weight"], after["fc.weight"])


def test_hints_teach_something_else_than_the_outputs_alone(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    plain, hinted = (shipped(run(source, asked(hints=hints))) for hints in (False, True))
    assert plain.read_bytes() != hinted.read_bytes()
    assert distance(source, hinted) < 0.5


def test_a_seed_repeats_to_the_last_bit(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = asked(start="random", hints=True)
    first, same, other = (shipped(run(source, step, seed=s)).read_bytes() for s in (1, 1, 2))
    assert first == same
    assert first != other


def test_labels_are_needed_for_their_share_only(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    assert shipped(run(source, asked(alpha=1.0), labelled=False))
    with pytest.raises(DataError, match="have no labels"):
        run(source, asked(alpha=0.9), labelled=False)


def test_a_teacher_that_sees_images_in_another_way_is_refused(tmp_path: Path) -> None:
    source, teacher = normalised(GRAPHS["plain"](), tmp_path), other(tmp_path / "teacher")
    entry = ModelEntry(uri=TEACHER, path=teacher, preprocessing=Preprocessing(mean=(0.5,)))
    context = Context(
        workdir=tmp_path,
        original=Artifact(path=source),
        models={TEACHER: entry},
        data=DataManifest(uri="d", kind="arrays", splits={}, preprocessing=Preprocessing()),
    )
    with pytest.raises(UnsupportedError, match="wants its images prepared in another way"):
        distill(context.original, asked(teacher=TEACHER), context)


@pytest.mark.parametrize("which", ["student", "teacher"])
def test_a_fixed_batch_is_refused(which: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    (tmp_path / "fixed").mkdir()
    fixed = normalised(GRAPHS["fixed_batch"](), tmp_path / "fixed")
    step = asked(**({"width": None} if which == "student" else {}), **{which: "file:fixed"})
    with pytest.raises(UnsupportedError, match="takes batches of 1 only"):
        run(source, step, models={"file:fixed": fixed})
