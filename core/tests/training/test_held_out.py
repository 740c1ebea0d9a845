"""The part of train that judges is drawn by seed and shares no sample with the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boildown import DataError, DataManifest, Split, Take, Train, batches, training_parts
from boildown.training.held_out import batches_per_epoch, steps_per_epoch

PATIENT = Train(batch_size=16, patience=2)


def noise(folder: Path, count: int = 200) -> DataManifest:
    x = np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)
    np.savez(folder / "noise.npz", x=x)
    split = Split(path=folder / "noise.npz", inputs={"x": "x"}, labelled=False, count=count)
    return DataManifest(uri="npz:noise.npz", kind="arrays", splits={"train": split})


def ids(data: DataManifest | None) -> set[float]:
    assert data is not None
    return {float(row[0]) for b in batches(data, "train", 7) for row in b.inputs["x"]}


@pytest.mark.parametrize("take", [None, Take(seed=5, start=10, stop=110), Take(start=3, stop=90)])
def test_the_parts_share_no_sample_and_are_all_of_train(tmp_path: Path, take: Take | None) -> None:
    data = noise(tmp_path)
    split = data.splits["train"].model_copy(update={"take": take})
    data = data.model_copy(update={"splits": {"train": split}})
    train, held = training_parts(data, PATIENT, seed=1)
    assert ids(train) & ids(held) == set()
    assert ids(train) | ids(held) == ids(data)
    assert len(ids(held)) == len(split) // 10


def test_the_seed_draws_the_held_out_part(tmp_path: Path) -> None:
    data = noise(tmp_path)
    one, same_seed, other = (
        ids(training_parts(data, PATIENT, seed).validation) for seed in (1, 1, 2)
    )
    assert one == same_seed != other


def test_too_few_or_no_samples_are_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has only 9; give more, or leave `patience` out"):
        training_parts(noise(tmp_path, 9), PATIENT, seed=0)
    with pytest.raises(DataError, match="no data are given"):
        training_parts(None, PATIENT, seed=0)


@pytest.mark.parametrize(("size", "batches"), [(16, 13), (199, 1), (200, 1), (1, 200)])
def test_a_last_batch_of_one_sample_does_not_count(tmp_path: Path, size: int, batches: int) -> None:
    settings = Train(batch_size=size)
    data = noise(tmp_path)
    assert batches_per_epoch(data, settings) == batches == steps_per_epoch(data, settings)
