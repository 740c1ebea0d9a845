"""Clustering ends where Lloyd's algorithm does: at the means of what is nearest to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from boildown import Cluster, Prune, cluster_weight
from boildown.recipe.steps import Layers

from .conftest import Kit, shipped, states

INITS = ("kmeans", "linear", "density", "random")


def is_fixed_point(before: np.ndarray, after: np.ndarray, *, rtol: float = 1e-5) -> bool:
    """Tell whether every value is the mean of its weights, and the nearest to each of them."""
    centres, place = np.unique(after, return_inverse=True)
    place = place.ravel()
    means = np.bincount(place, before.ravel()) / np.bincount(place)
    distance = np.abs(before.reshape(-1, 1) - centres)
    nearest = distance.min(axis=1) >= distance[np.arange(before.size), place] - 1e-6
    return bool(np.allclose(means, centres, rtol=rtol, atol=1e-6) and nearest.all())


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("count", [2, 5, 16])
def test_every_layer_gets_the_means_of_its_clusters(
    count: int, init: str, kit: Callable[..., Kit]
) -> None:
    made = kit("recurrent")
    result = made.run(Cluster(values=count, init=init))
    after = made.weights(shipped(result))
    assert all(state.distinct_values <= count for state in states(result).values())
    for name, weight in made.weights().items():
        assert len(np.unique(after[name])) > count / 2
        assert is_fixed_point(weight, after[name])


def test_the_check_of_means_notices_a_value_that_is_off() -> None:
    before = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    step = Cluster(values=8, init="kmeans")
    after = cluster_weight(before, step, 0, np.random.default_rng(0))
    assert is_fixed_point(before, after)
    assert not is_fixed_point(before, after * np.float32(1.001))


def test_channels_may_have_values_of_their_own(kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(Cluster(bits=2, granularity="channel"))
    after, before = made.weights(shipped(result)), made.weights()
    for layer in made.layers():
        rows = zip(
            *(np.moveaxis(w[layer.name], layer.axis, 0) for w in (before, after)), strict=True
        )
        for old, new in rows:
            assert len(np.unique(new)) <= 4
            assert is_fixed_point(old, new)
    assert states(result)["wide"].distinct_values > 4


@pytest.mark.parametrize("bits", range(1, 9))
def test_bits_and_values_say_the_same(bits: int, kit: Callable[..., Kit]) -> None:
    made = kit()
    one, other = (made.run(step) for step in (Cluster(bits=bits), Cluster(values=2**bits)))
    assert shipped(one).read_bytes() == shipped(other).read_bytes()
    assert states(one)["wide"].distinct_values == 2**bits
    assert states(one)["wide"].bits == pytest.approx(bits, rel=0.1)


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
def test_zeros_stay_zero_where_asked_and_count_as_a_value(
    granularity: str, kit: Callable[..., Kit]
) -> None:
    made, cut = kit(), Prune(sparsity=0.6)
    step = Cluster(bits=3, keep_sparsity=True, granularity=granularity)
    zeros = {name: w == 0 for name, w in made.weights(shipped(made.run(cut))).items()}
    result = made.run(cut, step)
    for name, weight in made.weights(shipped(result)).items():
        np.testing.assert_array_equal(weight == 0, zeros[name])
        assert granularity == "channel" or len(np.unique(weight)) <= 8


def test_zeros_are_weights_like_others_where_not_asked(kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(Prune(sparsity=0.2), Cluster(bits=1))
    assert not (made.weights(shipped(result))["wide"] == 0).any()


def test_only_selected_layers_are_clustered(kit: Callable[..., Kit]) -> None:
    made = kit()
    found = made.weights(shipped(made.run(Cluster(bits=2, layers=Layers(exclude=("side",))))))
    assert np.array_equal(found["side"], made.weights()["side"])
    assert len(np.unique(found["wide"])) == 4


def test_random_starts_follow_the_seed(kit: Callable[..., Kit]) -> None:
    made, step = kit(), Cluster(bits=4, init="random")
    first, same, other = (shipped(made.run(step, seed=s)).read_bytes() for s in (1, 1, 2))
    assert first == same
    assert first != other


def test_every_layer_is_announced(kit: Callable[..., Kit]) -> None:
    heard: list[str] = []
    made = kit()
    made.run(Cluster(bits=2), say=lambda message: heard.append(message.get("text", "")))
    assert [text for text in heard if text] == [layer.name for layer in made.layers()]
