"""Distilling: a named student learns what the teacher says, and ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Distill, Train, UnsupportedError
from boildown.testing.graphs import GRAPHS, STUDENTS
from boildown.testing.jobs import outputs

from .jobs import form, normalised, run, states

TRAIN = Train(epochs=6, batch_size=8, learning_rate=3e-3)
URI = "file:student"


def asked(**settings: Any) -> Distill:
    return Distill.model_validate({"student": URI, "train": TRAIN, "alpha": 1.0} | settings)


def student(folder: Path) -> Path:
    folder.mkdir()
    return normalised(STUDENTS["plain"](), folder)


def distance(source: Path, path: Path) -> float:
    """Return how far the scores of a file are from the teacher's, as a share of these."""
    wanted, found = outputs(source, source), outputs(source, path)
    wanted, found = (scores - scores.mean(1, keepdims=True) for scores in (wanted, found))
    return float(((found - wanted) ** 2).sum() / (wanted**2).sum())


def test_the_student_comes_nearer_to_the_teacher_and_keeps_its_width(tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    result = run(source, asked(), models={URI: small})
    assert states(result)["deep"].shape[0] == 16
    assert distance(source, form(result)) < 0.5 * distance(source, small)


@pytest.mark.parametrize("start", ["weights", "random"])
def test_half_the_width_is_a_quarter_of_the_weights(start: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = run(source, asked(student=None, width=0.5, start=start))
    assert states(result)["deep"].shape == (16, 8, 3, 3)
    assert states(result)["fc"].shape[0] in {10, 16}
    assert result.steps[0].cost.epochs == 6


def test_labels_alone_do_not_teach_what_the_teacher_says(tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    taught, alone = (
        distance(source, form(run(source, asked(alpha=alpha), models={URI: small})))
        for alpha in (1.0, 0.0)
    )
    assert taught < 0.8 * alone


def test_soft_targets_alone_need_no_labels(tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    assert run(source, asked(), models={URI: small}, labelled=False).status == "ok"


def test_a_fixed_batch_is_refused(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    (tmp_path / "fixed").mkdir()
    fixed = normalised(GRAPHS["fixed_batch"](), tmp_path / "fixed")
    with pytest.raises(UnsupportedError, match="takes batches of 1 only"):
        run(source, asked(), models={URI: fixed})


def test_hints_are_a_gap(tmp_path: Path) -> None:
    source, small = normalised(GRAPHS["plain"](), tmp_path), student(tmp_path / "student")
    with pytest.raises(UnsupportedError, match="soft targets"):
        run(source, asked(hints=True), models={URI: small})
    assert not np.isnan(distance(source, small))
