"""Weight decay and movement scores, by their formulas."""

from __future__ import annotations

from pathlib import Path

import torch
from boildown import Train
from boildown_torch.training import MovementScores, fit
from boildown_torch.training.optimizers import make_optimizer
from torch import nn

from .training_data import blobs, mlp


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
