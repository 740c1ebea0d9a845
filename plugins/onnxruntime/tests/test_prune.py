"""Pruning zeroes exactly as many weights as asked, and the right ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from boildown import Prune
from boildown.recipe.steps import Layers
from onnx import numpy_helper

from .conftest import Kit, shipped
from .graphs import cnn


def pruned(kit: Kit, step: Prune, seed: int = 0) -> tuple[dict[str, np.ndarray], ...]:
    return kit.weights(), kit.weights(shipped(kit.run(step, seed=seed)))


def joined(weights: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([weight.ravel() for weight in weights.values()])


@pytest.mark.parametrize("sparsity", [0.01, 0.333, 0.5, 0.9])
def test_each_layer_loses_its_smallest_weights_to_the_very_one(
    sparsity: float, kit: Callable[..., Kit]
) -> None:
    before, after = pruned(kit("recurrent"), Prune(sparsity=sparsity))
    for name, weight in before.items():
        gone = round(sparsity * weight.size)
        assert (after[name] == 0).sum() == gone
        smallest = np.sort(np.abs(weight), axis=None)
        np.testing.assert_array_equal(after[name] != 0, np.abs(weight) > smallest[gone - 1])
        np.testing.assert_array_equal(after[name][after[name] != 0], weight[after[name] != 0])


def test_global_scope_ranks_the_weights_of_all_layers_together(kit: Callable[..., Kit]) -> None:
    made = kit()
    before, after = pruned(made, Prune(sparsity=0.6, scope="global"))
    total = joined(before)
    bound = np.sort(np.abs(total))[round(0.6 * total.size) - 1]
    np.testing.assert_array_equal(joined(after) != 0, np.abs(total) > bound)
    shares = [float((weight == 0).mean()) for weight in after.values()]
    assert max(shares) - min(shares) > 0.01  # local scope would give every layer the same


def test_global_scope_ranks_only_the_selected_layers(kit: Callable[..., Kit]) -> None:
    chosen = Layers(include=("type:Gemm",))
    before, after = pruned(kit(), Prune(sparsity=0.5, scope="global", layers=chosen))
    total = sum(before[name].size for name in ("hidden", "head"))
    assert sum((after[name] == 0).sum() for name in ("hidden", "head")) == round(0.5 * total)
    assert all(np.array_equal(before[n], after[n]) for n in before.keys() - {"hidden", "head"})


@pytest.mark.parametrize("criterion", ["magnitude", "l2", "random"])
@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 3), (4, 5)])
def test_n_of_m_weights_of_a_row_stay(
    n: int, m: int, criterion: str, kit: Callable[..., Kit]
) -> None:
    made = kit()
    before, after = pruned(made, Prune(structure=f"{n}:{m}", criterion=criterion))
    for layer in made.layers():
        rows = np.moveaxis(after[layer.name], layer.axis, 0).reshape(layer.shape[layer.axis], -1)
        old = np.moveaxis(before[layer.name], layer.axis, 0).reshape(rows.shape)
        for start in range(0, rows.shape[1], m):
            group, was = rows[:, start : start + m], np.abs(old[:, start : start + m])
            assert ((group != 0).sum(axis=1) == min(n, group.shape[1])).all()
            if criterion != "random":
                np.testing.assert_allclose(
                    np.sort(np.abs(group), axis=1)[:, -n:], np.sort(was, axis=1)[:, -n:]
                )


@pytest.mark.parametrize("criterion", ["magnitude", "l2"])
def test_whole_filters_go_by_their_norm(criterion: str, kit: Callable[..., Kit]) -> None:
    made = kit()
    before, after = pruned(made, Prune(sparsity=0.25, structure="filter", criterion=criterion))
    for layer in made.layers():
        axes = tuple(axis for axis in range(len(layer.shape)) if axis != layer.axis)
        power = 2 if criterion == "l2" else 1
        norm = (np.abs(before[layer.name]) ** power).sum(axis=axes)
        lost = ~after[layer.name].any(axis=axes)
        assert lost.sum() == round(0.25 * len(norm))
        assert norm[lost].max() < norm[~lost].min()
        kept = np.compress(~lost, after[layer.name], axis=layer.axis)
        assert kept.all()


def test_global_filters_reach_the_share_of_weights_within_one_filter(
    kit: Callable[..., Kit],
) -> None:
    before, after = pruned(kit(), Prune(sparsity=0.4, structure="filter", scope="global"))
    largest = max(weight[0].size for weight in before.values())
    gone = (joined(after) == 0).sum()
    assert abs(gone - 0.4 * joined(before).size) <= largest


def test_one_filter_of_every_layer_stays(kit: Callable[..., Kit]) -> None:
    for scope in ("local", "global"):
        _before, after = pruned(kit(), Prune(sparsity=0.99, structure="filter", scope=scope))
        assert all(weight.any() for weight in after.values())


def test_a_threshold_zeroes_what_lies_below_it(kit: Callable[..., Kit]) -> None:
    before, after = pruned(kit(), Prune(threshold=0.1, criterion="threshold"))
    for name, weight in before.items():
        np.testing.assert_array_equal(after[name], np.where(np.abs(weight) < 0.1, 0, weight))


def test_zeros_that_are_there_count_as_pruned(kit: Callable[..., Kit]) -> None:
    model = cnn()
    tensor = next(t for t in model.graph.initializer if t.name == "wide.w")
    weight = numpy_helper.to_array(tensor).copy()
    weight[:8] = 0
    tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
    for criterion in ("magnitude", "random"):
        _before, after = pruned(kit(model), Prune(sparsity=0.5, criterion=criterion))
        assert (after["wide"] == 0).sum() == weight.size // 2
        assert not after["wide"][:8].any()


def test_random_pruning_follows_the_seed(kit: Callable[..., Kit]) -> None:
    made, step = kit(), Prune(sparsity=0.5, criterion="random")
    first, same, other = (shipped(made.run(step, seed=s)).read_bytes() for s in (1, 1, 2))
    assert first == same
    assert first != other


def test_a_shared_weight_is_pruned_once(kit: Callable[..., Kit]) -> None:
    _before, after = pruned(kit("shared"), Prune(sparsity=0.5))
    np.testing.assert_array_equal(after["once"], after["again"])
    assert (after["once"] == 0).mean() == 0.5
