"""Schedules of sparsity and learning rate, weight decay, and movement scores, by their formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from boildown import Train
from boildown_torch.training import MovementScores, fit, sparsity_at
from boildown_torch.training.optimizers import learning_rate, make_optimizer
from torch import nn

from .training_data import blobs, mlp


@pytest.mark.parametrize(
    ("schedule", "step", "wanted"),
    [
        ("one-shot", 0, 0.8),
        ("linear", 0, 0.0),
        ("linear", 25, 0.2),
        ("linear", 100, 0.8),
        ("cubic", 0, 0.0),
        ("cubic", 50, 0.7),
        ("cubic", 100, 0.8),
        ("cubic", 1000, 0.8),
    ],
)
def test_sparsity_follows_its_schedule(schedule: Any, step: int, wanted: float) -> None:
    found = sparsity_at(step, final=0.8, schedule=schedule, steps=100)
    assert found == pytest.approx(wanted)


def test_a_ramp_starts_at_the_sparsity_that_is_there() -> None:
    assert sparsity_at(0, final=0.8, schedule="cubic", steps=10, initial=0.5) == 0.5


def test_a_ramp_of_no_steps_is_at_its_end() -> None:
    assert sparsity_at(0, final=0.8, schedule="linear", steps=0) == 0.8


@pytest.mark.parametrize(
    ("schedule", "half", "last"), [("constant", 1, 1), ("linear", 0.5, 0.01), ("cosine", 0.5, 0)]
)
def test_learning_rates_follow_their_schedule(schedule: Any, half: float, last: float) -> None:
    settings = Train(learning_rate=1.0, schedule=schedule)
    rates = [learning_rate(step, 100, settings) for step in (0, 50, 99)]
    assert rates == pytest.approx([1, half, last], abs=1e-3)


def test_biases_and_norms_do_not_decay() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    groups = make_optimizer(net.parameters(), Train()).param_groups
    found = {tuple(p.shape): group["weight_decay"] for group in groups for p in group["params"]}
    assert found == {(4, 3, 3, 3): 0.01, (4,): 0.0}


def test_movement_tells_weights_that_grow_from_weights_that_shrink(tmp_path: Path) -> None:
    module = mlp()
    start = module[0].weight.detach().abs().clone()
    movement = MovementScores({"first": module[0].weight})
    settings = Train(epochs=2, batch_size=16, learning_rate=0.005, optimizer="sgd")
    fit(module, blobs(tmp_path), settings, seed=0, threads=1, after_backward=movement.accumulate)
    grown = module[0].weight.detach().abs() > start
    scores = movement.scores["first"]
    assert scores[grown].mean() > 0 > scores[~grown].mean()
    assert not torch.equal(scores, torch.zeros_like(scores))
