"""With `patience` a part of train judges, and the best epoch's weights stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import DataError, DataManifest, Fitted, Split, Train
from boildown_torch.training import fit
from torch import nn

from .training_data import arrays, blobs, mlp, same, weights

PATIENT = Train(epochs=12, batch_size=16, learning_rate=0.02, schedule="constant", patience=2)


def fitted(module: nn.Module, data: DataManifest, **more: Any) -> Fitted:
    return fit(module, data, PATIENT, seed=3, threads=1, **more)


def noise(folder: Path) -> DataManifest:
    """Return samples whose labels nothing tells: to train is to learn by heart."""
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 8)).astype(np.float32)
    return arrays(folder / "noise.npz", {"x": x}, random.integers(0, 4, 200))


def test_noise_stops_early_and_the_best_weights_come_back(tmp_path: Path) -> None:
    module, data = mlp(width=64), noise(tmp_path)
    kept: dict[int, dict[str, np.ndarray]] = {}
    per_epoch = 12
    found = fitted(
        module,
        data,
        after_step=lambda step: kept.update({step // per_epoch + 1: weights(module)}),
    )
    losses = [epoch.validation_loss for epoch in found.history]
    assert found.kept == int(np.argmin(losses)) + 1 == found.epochs - 2 < 10
    assert same(weights(module), kept[found.kept])
    assert not same(weights(module), kept[found.epochs])


def test_what_improves_goes_on_to_the_end(tmp_path: Path) -> None:
    found = fit(mlp(), blobs(tmp_path), PATIENT.model_copy(update={"epochs": 4}), seed=0, threads=1)
    assert found.epochs == 4
    assert (found.train_samples, found.validation_samples) == (180, 20)
    assert found.best.validation_top1 is not None
    assert found.best.validation_top1 > 0.8


def test_without_patience_all_of_train_trains_and_the_last_weights_stay(tmp_path: Path) -> None:
    settings = PATIENT.model_copy(update={"patience": None, "epochs": 3})
    found = fit(mlp(), noise(tmp_path), settings, seed=0, threads=1)
    assert (found.kept, found.train_samples, found.validation_samples) == (3, 200, 0)
    assert found.best.validation_loss is None


def test_no_epoch_counts_before_the_pruning_ramp_has_ended(tmp_path: Path) -> None:
    found = fitted(mlp(width=64), noise(tmp_path), settled_after=12 * 6)
    assert found.kept >= 6
    assert fitted(mlp(width=64), noise(tmp_path)).kept < 6


def test_the_test_split_is_never_read(tmp_path: Path) -> None:
    data = blobs(tmp_path)
    gone = Split(path=tmp_path / "gone.npz", inputs={"x": "x"}, labels="y", count=9)
    data = data.model_copy(update={"splits": {**data.splits, "test": gone}})
    assert fitted(mlp(), data).validation_samples == 20


def test_too_few_samples_to_hold_any_out_are_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has only 9; give more, or leave `patience` out"):
        fitted(mlp(), blobs(tmp_path, 9))


def test_validation_switches_dropout_off(tmp_path: Path) -> None:
    seen: list[bool] = []
    module = mlp()
    module[1].register_forward_hook(lambda net, *_: seen.append(net.training))
    fit(module, blobs(tmp_path), PATIENT.model_copy(update={"epochs": 1}), seed=0, threads=1)
    assert seen == [True] * 12 + [False] * 2
    assert torch.is_grad_enabled()


def test_a_later_part_of_a_training_shuffles_otherwise(tmp_path: Path) -> None:
    data, once = blobs(tmp_path), PATIENT.model_copy(update={"epochs": 1})
    ended = []
    for before in (0, 0, 1):
        module = mlp()
        fit(module, data, once, seed=0, threads=1, epochs_before=before)
        ended.append(weights(module))
    assert same(ended[0], ended[1])
    assert not same(ended[0], ended[2])
