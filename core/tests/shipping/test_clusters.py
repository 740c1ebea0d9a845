"""Weights share few values, the same for the same seed, and only those that are selected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from boildown import Artifact, Cluster, Context, cluster_layers, initializers
from boildown.recipe.steps import Layers
from onnx import numpy_helper

from .conftest import cnn


def clustered(folder: Path, step: Cluster, seed: int = 0) -> dict[str, np.ndarray]:
    onnx.save(cnn(), folder / "source.onnx")
    context = Context(
        workdir=folder, original=Artifact(path=folder / "source.onnx"), steps=(step,), seed=seed
    )
    model = cnn()
    layers = cluster_layers(model, step, context)
    tensors = initializers(model)
    return {layer.name: numpy_helper.to_array(tensors[layer.weight]) for layer in layers}


def test_each_layer_has_at_most_as_many_values_as_were_asked_for(tmp_path: Path) -> None:
    found = clustered(tmp_path, Cluster(bits=2))
    assert {len(np.unique(weight)) for weight in found.values()} == {4}


def test_the_same_seed_gives_the_same_values_and_another_does_not(tmp_path: Path) -> None:
    step = Cluster(bits=3, init="random")
    one, again, other = (clustered(tmp_path, step, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert any(not np.array_equal(one[name], other[name]) for name in one)


def test_a_layer_that_was_left_out_is_not_among_them(tmp_path: Path) -> None:
    every = clustered(tmp_path, Cluster(bits=2))
    name = next(iter(every))
    found = clustered(tmp_path, Cluster(bits=2, layers=Layers(exclude=(name,))))
    assert found.keys() == every.keys() - {name}
