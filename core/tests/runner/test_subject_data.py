"""Which data a run has when a recipe names some of it and the model has its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Quantize, Recipe
from boildown.errors import DataError
from boildown.model.normalize import normalize
from boildown.plugins.values import ModelEntry
from boildown.recipe.recipe import Data
from boildown.runner.request import Request
from boildown.runner.store import Store
from boildown.runner.subject_data import SubjectData, prepare_data
from boildown.testing.graphs import GRAPHS

EVERY = frozenset({"train", "calibration", "test"})


def written(path: Path, seed: int, **counts: int) -> str:
    """Write a dataset with so many samples in each split, no two alike."""
    random = np.random.default_rng(seed)
    arrays = {}
    for split, count in counts.items():
        arrays[f"{split}_x"] = random.normal(size=(count, 3, 12, 12)).astype(np.float32)
        arrays[f"{split}_y"] = np.arange(count) % 4
    np.savez(path, **arrays)
    return f"npz:{path}"


def prepared(folder: Path, own: dict[str, int], data: Data) -> SubjectData:
    """Prepare what a recipe says of a model with data of its own."""
    onnx.save(GRAPHS["plain"](), folder / "given.onnx")
    model = normalize(folder / "given.onnx", folder / "source.onnx")
    entry = ModelEntry(uri="m", path=model.path, default_data=written(folder / "own.npz", 0, **own))
    recipe = Recipe(name="r", steps=(Quantize(),), data=data)
    found = prepare_data(
        recipe,
        entry,
        model,
        Request(recipes=(recipe,), out=folder / "out"),
        uses=EVERY,
        store=Store(folder / "cache"),
        progress=lambda *_: None,
    )
    assert found is not None
    return found


def counts(found: SubjectData) -> dict[str, int]:
    assert found.manifest is not None
    return {name: len(split) for name, split in found.manifest.splits.items()}


def test_a_mapping_without_datasets_means_the_models_own(tmp_path: Path) -> None:
    found = prepared(tmp_path, {"test": 36}, Data(calibrate=4))
    assert counts(found) == {"calibration": 4, "test": 32}
    assert "CALIBRATED_ON_TEST" in [note.code for note in found.notes]


def test_the_models_own_calibration_split_is_used(tmp_path: Path) -> None:
    found = prepared(tmp_path, {"calibration": 8, "test": 36}, Data(calibrate=4))
    assert counts(found) == {"calibration": 4, "test": 36}


def test_a_calibration_split_beside_the_named_train_split_is_used(tmp_path: Path) -> None:
    named = written(tmp_path / "named.npz", 1, train=20, calibration=6)
    found = prepared(tmp_path, {"test": 36}, Data(train=named, calibrate=5))
    assert counts(found) == {"train": 20, "calibration": 5, "test": 36}


def test_the_models_own_test_samples_never_train(tmp_path: Path) -> None:
    named = written(tmp_path / "named.npz", 1, test=10)
    found = prepared(tmp_path, {"test": 36}, Data(test=named, calibrate=5))
    assert counts(found) == {"calibration": 5, "test": 5}


def test_the_models_own_train_samples_train_for_a_test_that_is_named(tmp_path: Path) -> None:
    named = written(tmp_path / "named.npz", 1, test=10)
    found = prepared(tmp_path, {"train": 30, "test": 36}, Data(test=named, calibrate=5))
    assert counts(found) == {"train": 25, "calibration": 5, "test": 10}


def test_own_data_without_a_test_split_test_nothing(tmp_path: Path) -> None:
    named = written(tmp_path / "named.npz", 1, train=10)
    with pytest.raises(DataError, match="no test samples"):
        prepared(tmp_path, {"train": 36}, Data(train=named))
