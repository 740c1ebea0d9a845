"""Zeros in an ML Program: stored as a mask and the weights that are left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boildown import Prune, UnsupportedError
from boildown.testing.graphs import GRAPHS

from .jobs import form, normalised, run, states, weights


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["plain"](), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_smallest_weights_of_each_layer_become_zero(share: float, source: Path) -> None:
    result = run(source, Prune(sparsity=share))
    found, before = weights(source, form(result)), weights(source, source)
    for name, values in before.items():
        assert abs(states(result)[name].sparsity - share) < 0.01
        kept = found[name] != 0
        np.testing.assert_array_equal(found[name][kept], values[kept])
        assert np.abs(values[~kept]).max() <= np.abs(values[kept]).min()


def test_a_sparse_file_is_smaller_by_its_zeros(source: Path) -> None:
    sizes = [run(source, Prune(sparsity=share)).deployable for share in (0.5, 0.9)]
    twin = run(source).deployable
    assert twin is not None
    half, tenth = (size.bytes / twin.bytes for size in sizes if size is not None)
    assert tenth < half < 0.75


def test_weights_below_a_threshold_become_zero_and_those_at_it_stay(source: Path) -> None:
    before = weights(source, source)
    bound = float(np.sort(np.abs(before["wide"]).ravel())[1000])
    step = Prune(criterion="threshold", threshold=bound)
    found = weights(source, form(run(source, step)))
    for name, values in before.items():
        np.testing.assert_array_equal(found[name], np.where(np.abs(values) < bound, 0, values))


def test_two_of_four_stay_along_the_input_channels(source: Path) -> None:
    found = weights(source, form(run(source, Prune(structure="2:4"))))["wide"]
    groups = np.moveaxis(found, 1, -1).reshape(-1, 4)
    assert ((groups != 0).sum(axis=1) == 2).all()


def test_layers_with_too_few_channels_for_a_pattern_are_named(source: Path) -> None:
    result = run(source, Prune(structure="2:4"))
    (warned,) = result.steps[0].warnings
    assert warned.code == "PARTIAL"
    assert "1 of 4 layers" in warned.text
    assert "'stem'" in warned.text  # three channels


def test_a_neural_network_is_not_pruned(source: Path) -> None:
    with pytest.raises(UnsupportedError, match="no form for zeros"):
        run(source, Prune(sparsity=0.5), settings={"format": "mlmodel"})
