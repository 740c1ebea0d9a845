"""Distilling: a student learns what the teacher says, at the recipe's temperature, and ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import DataError, Distill, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS, STUDENTS
from boildown_nni.distill import _Heard, _listen, _Unjudged
from boildown_nni.evaluating import Judged, Training
from boildown_nni.toolkit import distillation
from boildown_torch.importer import import_onnx
from boildown_torch.training import Distillation

from .jobs import normalised, outputs, run, shipped

TRAIN = Train(epochs=6, batch_size=8, learning_rate=3e-3)
URI = "file:student"


def asked(**settings: Any) -> Distill:
    return Distill.model_validate({"student": URI, "train": TRAIN, "alpha": 1.0} | settings)


def student(folder: Path) -> Path:
    folder.mkdir()
    return normalised(STUDENTS["plain"](), folder)


def shapes(result: JobResult) -> dict[str, tuple[int, ...]]:
    return {state.layer: tuple(state.shape) for state in result.layers or ()}


def distance(source: Path, path: Path) -> float:
    """Return how far the scores of a file are from the teacher's, as a share of these."""
    wanted, found = outputs(source, source), outputs(source, path)
    wanted, found = (scores - scores.mean(1, keepdims=True) for scores in (wanted, found))
    return float(((found - wanted) ** 2).sum() / (wanted**2).sum())


@pytest.mark.parametrize("distiller", ["DynamicLayerwise", "Adaptive1dLayerwise"])
def test_the_student_comes_nearer_to_the_teacher(distiller: str, tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    result = run(source, asked(), settings={"distiller": distiller}, models={URI: small})
    assert shapes(result)["deep"][0] == 16
    assert distance(source, shipped(result)) < 0.5 * distance(source, small)
    assert result.steps[0].cost.epochs == 6


def test_both_distillers_compute_the_same_on_scores_of_equal_width(tmp_path: Path) -> None:
    """Adaptive1dLayerwiseDistiller adds a layer only where the widths differ."""
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    plain, adaptive = (
        run(source, asked(), settings={"distiller": name}, models={URI: small})
        for name in ("DynamicLayerwise", "Adaptive1dLayerwise")
    )
    assert np.array_equal(*(outputs(source, shipped(made)) for made in (plain, adaptive)))
    assert plain.steps[0].warnings == ()
    (told,) = adaptive.steps[0].warnings
    assert "nothing to adapt" in told.text


@pytest.mark.parametrize("start", ["weights", "random"])
def test_half_the_width_is_a_quarter_of_the_weights(start: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = run(source, asked(student=None, width=0.5, start=start))
    assert shapes(result)["deep"] == (16, 8, 3, 3)
    assert shapes(result)["fc"] == (10, 16)


def test_labels_alone_do_not_teach_what_the_teacher_says(tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    taught, alone = (
        distance(source, shipped(run(source, asked(alpha=alpha), models={URI: small})))
        for alpha in (1.0, 0.0)
    )
    assert taught < 0.8 * alone


def nni_loss(step: Distill, x: torch.Tensor) -> torch.Tensor:
    """Return the loss that NNI computes of one batch, soft targets alone."""
    pair = [
        _Heard(import_onnx(GRAPHS["plain"]() if big else STUDENTS["plain"]()), step.temperature)
        for big in (False, True)
    ]
    seen: list[torch.Tensor] = []

    def once(model: Any, behind_each_batch: Any, objective: Any) -> None:
        seen.append(objective(model(x), (x,), None).detach())

    training = Training(pair[0], once, inner=_Unjudged())
    entry = {"op_names": ["scores"], "apply_method": "kl"}
    entry["lambda"] = step.alpha * (step.temperature / 2) ** 2
    distillation.DynamicLayerwiseDistiller(
        pair[0], [entry], training.evaluator, pair[1], _listen, origin_loss_lambda=1 - step.alpha
    ).compress(None, 1)
    return seen[0]


@pytest.mark.parametrize("temperature", [1.0, 2.0, 4.0])
def test_the_loss_is_that_of_the_paper_at_any_temperature(temperature: float) -> None:
    """Held against the torch backend's, which has another implementation."""
    step, x = asked(temperature=temperature), torch.randn(8, 3, 12, 12)
    small, large = import_onnx(STUDENTS["plain"]()), import_onnx(GRAPHS["plain"]())
    with torch.no_grad():
        wanted = Distillation(large, step)(small(x), (x,), None)
    assert torch.allclose(nni_loss(step, x), wanted, rtol=1e-4)
    assert wanted > 0
    assert isinstance(Judged(wanted, (x,)).loss, torch.Tensor)


def test_soft_targets_alone_need_no_labels_and_others_do(tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    assert run(source, asked(), models={URI: small}, labelled=False).status == "ok"
    with pytest.raises(DataError, match="no labels"):
        run(source, asked(alpha=0.5), models={URI: small}, labelled=False)


def test_hints_are_a_gap_with_the_reason(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="equal shape"):
        run(source, asked(student=None, width=0.5, hints=True))
