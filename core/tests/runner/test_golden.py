"""The samples that a run keeps beside its files, where their batch is fixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Recipe, compare
from boildown.api import measure
from boildown.runner.golden import kept_outputs


@pytest.mark.parametrize(("batch", "n"), [(None, 5), (1, 5), (4, 4), (8, 5)])
def test_outputs_of_whole_batches_are_kept_where_there_is_one(
    tmp_path: Path, batch: int | None, n: int
) -> None:
    arrays: dict[str, Any] = {"output.y": np.arange(10.0).reshape(5, 2)}
    np.savez(tmp_path / "golden.npz", **arrays)
    kept = kept_outputs(tmp_path, ["y"], tmp_path / "scratch", batch)
    assert kept.n == n
    assert np.load(kept.path()).shape == (n, 2)


@pytest.mark.usefixtures("rounding", "cache")
@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (4, "the 4 samples that the run has kept differ by at most 0"),
        (8, "; the run had 8 samples in their batch, on which they may depend"),
    ],
)
def test_what_a_batch_has_lost_its_others_of_is_no_difference_of_the_file(
    tiny: onnx.ModelProto, data: str, tmp_path: Path, batch: int, said: str
) -> None:
    for port in (*tiny.graph.input, *tiny.graph.output):
        port.type.tensor_type.shape.dim[0].dim_value = batch
    onnx.save(tiny, tmp_path / "tiny.onnx")
    recipe = Recipe.model_validate(
        {"name": "half", "steps": [{"op": "quantize", "weights": "float16"}]}
    )
    run = tmp_path / "run"
    given: dict[str, Any] = {"backends": "rounding", "data": data, "out": run}
    compare(recipe, models=str(tmp_path / "tiny.onnx"), timing_seconds=0.05, **given)
    (file,) = run.glob("rows/*/golden.npz")
    arrays: dict[str, Any] = dict(np.load(file))
    arrays["output.y"][4] += 0.001
    np.savez(file, **arrays)
    (row,) = measure(run, out=tmp_path / "again", timing_seconds=0.05).rows
    assert said in " ".join(warning.text for warning in row.warnings)
