"""Every calibration sample is shown, in batches that the network takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Artifact, Context, DataError, DataManifest, Split, calibration_batches
from boildown.testing.graphs import GRAPHS

COUNT = 7


def context(folder: Path, fixed: int, *, split: str = "calibration") -> Context:
    """Return the context of a step on seven samples, each its own number."""
    model = GRAPHS["concat"]()
    for port in model.graph.input if fixed else ():
        port.type.tensor_type.shape.dim[0].dim_value = fixed
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "data.npz", x=np.arange(COUNT, dtype=np.float32).reshape(COUNT, 1))
    held = Split(path=folder / "data.npz", inputs={"x": "x"}, labelled=False, count=COUNT)
    data = DataManifest(uri="npz:data.npz", kind="arrays", splits={split: held})
    return Context(workdir=folder, original=Artifact(path=folder / "model.onnx"), data=data)


def shown(folder: Path, fixed: int, size: int) -> list[list[float]]:
    return [
        batch["x"].ravel().tolist() for batch in calibration_batches(context(folder, fixed), size)
    ]


def test_an_open_batch_takes_the_rest_as_it_is(tmp_path: Path) -> None:
    assert shown(tmp_path, 0, 3) == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize(
    ("fixed", "last"),
    [(1, [6]), (2, [6, 6]), (4, [4, 5, 6, 6]), (10, [0, 1, 2, 3, 4, 5, 6, 6, 6, 6])],
)
def test_a_fixed_batch_is_filled_and_no_sample_is_left_out(
    tmp_path: Path, fixed: int, last: list[float]
) -> None:
    found = shown(tmp_path, fixed, 3)
    assert found[-1] == last
    assert {len(batch) for batch in found} == {fixed}
    assert {number for batch in found for number in batch} == set(range(COUNT))


def test_progress_ends_with_all_samples(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    reporting = context(tmp_path, 4).reporting_to(lambda done, total, _: told.append((done, total)))
    assert len(list(calibration_batches(reporting, 3))) == 2
    assert told == [(0, COUNT), (4, COUNT), (COUNT, COUNT)]


def test_without_calibration_samples_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="calibration samples"):
        calibration_batches(context(tmp_path, 0, split="train"), 3)
