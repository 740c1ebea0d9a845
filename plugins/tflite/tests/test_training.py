"""The training loop: it learns, repeats itself, stops early and says what went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import DataError, DataManifest, DivergedError, Fitted, Split, Train
from boildown_tflite.keras import tf, tf_keras
from boildown_tflite.training import fit
from boildown_tflite.training.optimizers import decayed, make_optimizer

CLASSES = 4
FAST = Train(epochs=8, batch_size=16, learning_rate=0.02)


def blobs(folder: Path, count: int = 200, *, labelled: bool = True) -> DataManifest:
    """Points of 8 numbers around a corner for each class."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    corners = random.normal(0, 2, (CLASSES, 8))
    points = (corners[labels] + random.normal(0, 1, (count, 8))).astype(np.float32)
    np.savez(folder / "blobs.npz", x=points, y=labels)
    split = Split(
        path=folder / "blobs.npz",
        inputs={"x": "x"},
        labels="y" if labelled else None,
        labelled=labelled,
        count=count,
    )
    return DataManifest(uri="npz:blobs.npz", kind="arrays", splits={"train": split})


def mlp(last: str | None = None) -> tf_keras.Model:
    tf_keras.utils.set_random_seed(0)
    x = tf_keras.Input((8,), name="x")
    hidden = tf_keras.layers.Dense(16, "relu")(x)
    return tf_keras.Model(x, tf_keras.layers.Dense(CLASSES, last)(hidden))


def trained(model: tf_keras.Model, data: DataManifest, settings: Train = FAST) -> Fitted:
    return fit(model, data, settings, seed=0, inputs=["x"])


def top1(model: tf_keras.Model, data: DataManifest) -> float:
    with np.load(data.splits["train"].path) as held:
        return float((model(held["x"]).numpy().argmax(1) == held["y"]).mean())


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("last", [None, "softmax"])
def test_every_optimizer_learns_from_scores_and_from_probabilities(
    optimizer: str, last: str | None, tmp_path: Path
) -> None:
    data, model = blobs(tmp_path), mlp(last)
    fitted = trained(model, data, FAST.model_copy(update={"optimizer": optimizer}))
    assert top1(model, data) > 0.9
    assert (fitted.epochs, fitted.steps, fitted.train_samples) == (8, 8 * 13, 200)


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    data, pair = blobs(tmp_path), [mlp(), mlp()]
    for model in pair:
        trained(model, data)
    for one, other in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_patience_stops_early_and_puts_the_best_epoch_back(tmp_path: Path) -> None:
    data, model = blobs(tmp_path), mlp()
    settings = Train(epochs=40, batch_size=16, learning_rate=0.5, optimizer="sgd", patience=1)
    fitted = trained(model, data, settings)
    losses = [epoch.validation_loss for epoch in fitted.history]
    assert fitted.epochs < 40
    assert fitted.kept == int(np.argmin(losses)) + 1
    assert (fitted.train_samples, fitted.validation_samples) == (180, 20)


def test_only_matrices_decay() -> None:
    matrix, vector = tf.Variable(tf.ones((2, 2))), tf.Variable(tf.ones(2))
    for name, decay in (("sgd", 1e-4), ("adam", 0.0)):
        settings = Train.model_validate({"optimizer": name})
        zeros = [tf.zeros_like(matrix), tf.zeros_like(vector)]
        found = decayed(zeros, [matrix, vector], settings)
        assert [float(tf.reduce_max(gradient)) for gradient in found] == pytest.approx([decay, 0])
    optimizer = make_optimizer([matrix, vector], Train(learning_rate=1.0))
    optimizer.apply_gradients([(tf.zeros_like(matrix), matrix), (tf.zeros_like(vector), vector)])
    assert float(matrix[0, 0]) == pytest.approx(0.99)
    assert float(vector[0]) == pytest.approx(1)


@pytest.mark.parametrize(("label", "words"), [(7, "has the label 7"), (-1, "has the label -1")])
def test_labels_that_the_model_does_not_know_are_named(
    label: int, words: str, tmp_path: Path
) -> None:
    data = blobs(tmp_path)
    with np.load(data.splits["train"].path) as held:
        labels = held["y"].copy()
        labels[5] = label
        np.savez(tmp_path / "blobs.npz", x=held["x"], y=labels)
    with pytest.raises(DataError, match=words):
        trained(mlp(), data)


def test_missing_labels_and_a_loss_that_explodes_are_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have no labels"):
        trained(mlp(), blobs(tmp_path, labelled=False))
    wild: dict[str, Any] = {"learning_rate": 10.0, "optimizer": "sgd"}
    with pytest.raises(DivergedError, match=r"in epoch \d of 8, .*`learning_rate: 10.0`"):
        trained(deep(), blobs(tmp_path), FAST.model_copy(update=wild))


def deep() -> tf_keras.Model:
    x = tf_keras.Input((8,), name="x")
    y = x
    for _ in range(6):
        y = tf_keras.layers.Dense(32)(y)
    return tf_keras.Model(x, tf_keras.layers.Dense(CLASSES)(y))
