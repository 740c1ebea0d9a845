"""Shared values: few of them in the file, trained where asked, zeros kept where asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boildown import Cluster, Prune, Train
from boildown.recipe.steps import Layers
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import loss

from .jobs import form, normalised, run, states, weights, zeroed

TRAIN = Train(epochs=3, batch_size=8, learning_rate=3e-3)


@pytest.mark.parametrize("init", [None, "linear", "density", "random"])
def test_every_start_leaves_at_most_so_many_values(init: str | None, tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Cluster.model_validate({"values": 6, "init": init, "train": TRAIN}))
    assert max(state.distinct_values for state in states(result).values()) <= 6
    assert result.steps[0].cost.epochs == 3


@pytest.mark.parametrize("train", [None, TRAIN])
def test_batch_norms_do_not_part_the_values(train: Train | None, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = run(source, Cluster(bits=3, train=train))
    assert max(state.distinct_values for state in states(result).values()) <= 8
    assert any("batch norms are folded" in warned.text for warned in result.steps[0].warnings)


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    plain, trained = (run(source, Cluster(bits=1, train=train)) for train in (None, TRAIN))
    assert loss(source, form(trained)) < 0.95 * loss(source, form(plain))


def test_zeros_stay_where_asked(tmp_path: Path) -> None:
    source = normalised(zeroed(GRAPHS["plain"]()), tmp_path)
    result = run(source, Cluster(bits=3, keep_sparsity=True, train=TRAIN))
    found = weights(source, form(result))
    for name, values in weights(source, source).items():
        assert not found[name][values == 0].any(), name
        # What is nearest to zero joins it.
        assert (found[name] == 0).mean() < (values == 0).mean() + 0.05, name


def test_a_network_without_zeros_gets_none(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Cluster(bits=4, keep_sparsity=True, init="linear", train=TRAIN))
    assert max(state.sparsity for state in states(result).values()) < 0.01


def test_channels_have_values_of_their_own(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Cluster(values=3, granularity="channel", train=TRAIN))
    for channel in weights(source, form(result))["deep"]:
        assert len(np.unique(channel)) <= 3
    # The matrix product has one table for all of its channels.
    (text,) = [w.text for w in result.steps[0].warnings if w.code == "PARTIAL"]
    assert text.endswith("of 'fc'")


def test_training_leaves_zeros_of_other_layers_alone(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    only = Layers(include=("deep",))
    shared = Cluster(bits=4, keep_sparsity=True, layers=only, train=TRAIN)
    found = states(run(source, Prune(sparsity=0.5), shared))
    assert min(state.sparsity for state in found.values()) >= 0.49
