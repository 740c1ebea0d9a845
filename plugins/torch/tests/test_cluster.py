"""Shared values: few of them exactly, trained together, zeros and assignments kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from boildown import Cluster, Train, UnsupportedError
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from boildown_torch.centroids import Pool
from onnx import numpy_helper
from torch import nn

from .jobs import loss, normalised, run, shipped, weights
from .test_dynamic import recurrent

TRAIN = Train(epochs=8, batch_size=8, learning_rate=3e-3)
SGD = TRAIN.model_copy(update={"optimizer": "sgd", "learning_rate": 0.02})


def same_clusters(plain: np.ndarray, trained: np.ndarray) -> bool:
    """Tell whether weights that had one value have one value still, whichever it is."""
    pairs = np.unique(np.stack([plain.ravel(), trained.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(plain))


def zeroed(folder: Path, name: str = "plain") -> Path:
    """Return a network of which an earlier step has zeroed the smaller half of the weights."""
    model = GRAPHS[name]()
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim > 1:
            small = np.abs(values) < np.median(np.abs(values))
            tensor.CopyFrom(numpy_helper.from_array(np.where(small, 0, values), tensor.name))
    return normalised(model, folder)


@pytest.mark.parametrize(
    ("bits", "granularity", "train"), [(1, None, TRAIN), (2, "tensor", SGD), (2, "channel", TRAIN)]
)
@pytest.mark.parametrize("network", ["plain", "batch_norm"])
def test_training_lowers_the_loss_and_leaves_every_weight_in_its_cluster(
    bits: int, granularity: str | None, train: Train, network: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    plain = Cluster.model_validate({"bits": bits, "granularity": granularity})
    without, result = run(source, plain), run(source, plain.model_copy(update={"train": train}))
    assert loss(source, shipped(result)) < 0.95 * loss(source, shipped(without))
    found = weights(source, shipped(result))
    for name, values in weights(source, shipped(without)).items():
        assert same_clusters(values, found[name]), name
        assert not np.array_equal(values, found[name]), name
    assert result.steps[0].cost.epochs == 8


def test_the_check_of_clusters_notices_one_weight_elsewhere() -> None:
    plain = np.repeat(np.float32([1, 2, 3]), 4)
    assert same_clusters(plain, plain * -2)
    assert not same_clusters(plain, np.where(np.arange(12) == 5, 7, plain))


def test_zeros_stay_zero_and_count_as_a_value(tmp_path: Path) -> None:
    source = zeroed(tmp_path)
    result = run(source, Cluster(bits=3, keep_sparsity=True, train=TRAIN))
    found, given = weights(source, shipped(result)), weights(source, source)
    for name, values in given.items():
        np.testing.assert_array_equal(values == 0, found[name] == 0)
        assert len(np.unique(found[name])) <= 8


def test_layers_left_out_stay_dense_and_keep_their_zeros(tmp_path: Path) -> None:
    source = zeroed(tmp_path)
    step = Cluster(bits=3, train=TRAIN, layers=Layers(exclude=("wide",)))
    found = weights(source, shipped(run(source, step)))
    np.testing.assert_array_equal(found["wide"] == 0, weights(source, source)["wide"] == 0)
    assert len(np.unique(found["wide"])) > 1000
    assert len(np.unique(found["deep"])) <= 8


def test_a_seed_repeats_to_the_last_bit_and_another_does_not(tmp_path: Path) -> None:
    source, step = normalised(GRAPHS["plain"](), tmp_path), Cluster(values=5, train=TRAIN)
    first, same, other = (shipped(run(source, step, seed=s)).read_bytes() for s in (1, 1, 2))
    assert first == same
    assert first != other


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_recurrent_layers_train_as_well(kind: str, tmp_path: Path) -> None:
    source = recurrent(tmp_path, kind, bidirectional=True)
    without, result = (run(source, Cluster(bits=2, train=train)) for train in (None, TRAIN))
    assert loss(source, shipped(result)) < 0.95 * loss(source, shipped(without))
    found = weights(source, shipped(result))
    for name, values in weights(source, shipped(without)).items():
        assert same_clusters(values, found[name]), name
        assert not np.array_equal(values, found[name]), name


def test_a_cluster_moves_by_the_summed_gradients_over_the_root_of_its_size() -> None:
    layers = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    pool = Pool([layer.weight for layer in layers], np.array([3, 3, 5, 3, 5, 3, 3, 3]))
    for layer in layers:
        layer.weight.grad = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    pool.add_up_gradients()
    other, one = 4 / 2**0.5, (1 + 2 + 4 + 2 + 3 + 4) / 6**0.5
    assert layers[0].weight.grad is not None
    torch.testing.assert_close(layers[0].weight.grad, torch.tensor([[one, one], [other, one]]))


def test_a_fixed_batch_is_refused_before_anything_is_clustered(tmp_path: Path) -> None:
    source = normalised(GRAPHS["fixed_batch"](), tmp_path)
    with pytest.raises(UnsupportedError, match="'stem' takes batches of 1 only"):
        run(source, Cluster(bits=2, train=TRAIN))
    assert shipped(run(source, Cluster(bits=2)))


def test_a_weight_that_is_computed_from_a_table_is_shared_and_not_trained(tmp_path: Path) -> None:
    graph = Graph(0)
    table = graph.weight("table.weight", 16, 8)
    graph._tensors.append(numpy_helper.from_array(np.arange(0, 16, 2), "places"))
    product = graph.dense("x", "fc", 8, 8)
    read = graph.node("Gather", [table, "places"], "table")
    model = graph.model({"x": (8,)}, graph.node("MatMul", [product, read], "product"))
    source = normalised(model, tmp_path)
    without, result = (run(source, Cluster(bits=2, train=train)) for train in (None, TRAIN))
    assert [warned.code for warned in result.steps[0].warnings] == ["PARTIAL"]
    assert "values of table are not trained" in result.steps[0].warnings[0].text
    plain, found = (weights(source, shipped(item)) for item in (without, result))
    np.testing.assert_array_equal(found["table"], plain["table"])
    assert not np.array_equal(found["fc"], plain["fc"])
