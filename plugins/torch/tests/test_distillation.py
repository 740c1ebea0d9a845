"""Distillation: soft targets, labels and hints, and a teacher that stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import DataError, Distill, Fitted, Train, UnsupportedError
from boildown_torch.training import Distillation, fit
from torch import nn

from .training_data import blobs, cnn, maps, mlp, same, top1, weights

FAST = Train(epochs=8, batch_size=16, learning_rate=0.02)


def distilled(student: nn.Module, teacher: nn.Module, data: Any, **settings: Any) -> Fitted:
    step = Distill(**({"width": 0.5, "temperature": 2.0} | settings))
    objective = Distillation(teacher, step)
    return fit(student, data, FAST, seed=0, threads=1, objective=objective)


def taught(folder: Path) -> nn.Module:
    module = mlp(seed=5, width=32)
    fit(module, blobs(folder), FAST, seed=0, threads=1)
    return module


def test_a_student_learns_from_the_teacher_alone_without_labels(tmp_path: Path) -> None:
    teacher, student = taught(tmp_path), mlp()
    blind = blobs(tmp_path, labelled=False)
    distilled(student, teacher, blind, alpha=1.0)
    assert top1(student, blobs(tmp_path)) > 0.9


def test_a_teacher_who_mixes_the_classes_up_is_believed(tmp_path: Path) -> None:
    class MixedUp(nn.Module):
        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x).roll(1, 1)

    student = mlp()
    distilled(student, MixedUp(taught(tmp_path)), blobs(tmp_path), alpha=1.0)
    assert top1(student, blobs(tmp_path)) < 0.1


def test_labels_are_needed_below_alpha_1(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have no labels"):
        distilled(mlp(), mlp(), blobs(tmp_path, labelled=False), alpha=0.9)


def test_the_loss_is_the_one_of_the_paper() -> None:
    torch.manual_seed(0)
    output, inputs, labels = torch.randn(6, 4), (torch.randn(6, 8),), torch.arange(6) % 4
    teacher = mlp()
    loss = Distillation(teacher, Distill(width=0.5, temperature=3.0, alpha=0.7))
    p = torch.softmax(teacher(inputs[0]) / 3, 1)
    soft = (p * (p.log() - torch.log_softmax(output / 3, 1))).sum(1).mean() * 9
    hard = nn.functional.cross_entropy(output, labels)
    torch.testing.assert_close(loss(output, inputs, labels), 0.7 * soft + 0.3 * hard)


def test_the_teacher_stays_as_it_is(tmp_path: Path) -> None:
    teacher = cnn(seed=1, width=12).train()
    before, modes = weights(teacher), [part.training for part in teacher.modules()]
    distilled(cnn(), teacher, maps(tmp_path), hints=True)
    assert same(before, weights(teacher))
    assert [part.training for part in teacher.modules()] == modes
    assert all(p.grad is None and p.requires_grad for p in teacher.parameters())
    assert not any(part._forward_hooks for part in teacher.modules())


def test_hints_bring_maps_of_other_widths_together(tmp_path: Path) -> None:
    data, teacher = maps(tmp_path), cnn(seed=1, width=12)
    fit(teacher, data, FAST, seed=0, threads=1)
    found = distilled(cnn(), teacher, data, hints=True, alpha=1.0)
    plain = distilled(cnn(), teacher, data, alpha=1.0)
    assert found.history[-1].loss < 0.7 * found.history[0].loss
    assert found.history[0].loss > plain.history[0].loss


def test_hints_are_repeatable(tmp_path: Path) -> None:
    students = cnn(), cnn()
    for student in students:
        distilled(student, cnn(seed=1, width=12), maps(tmp_path), hints=True)
    assert same(*(weights(student) for student in students))
    assert not any(part._forward_hooks for part in students[0].modules())


def test_hints_without_a_common_layer_are_refused(tmp_path: Path) -> None:
    other = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(192, 4)))
    with pytest.raises(UnsupportedError, match="layers of equal name and map size"):
        distilled(cnn(), other, maps(tmp_path), hints=True)


def test_other_classes_in_the_teacher_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="student tells 4 classes apart and the teacher 5"):
        distilled(mlp(), nn.Linear(8, 5), blobs(tmp_path))


def test_a_teacher_that_ends_in_softmax_teaches_the_same(tmp_path: Path) -> None:
    teacher = taught(tmp_path)
    losses = [
        distilled(mlp(), net, blobs(tmp_path)).history[-1].loss
        for net in (teacher, nn.Sequential(teacher, nn.Softmax(1)))
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
