"""Palettes of an ML Program: boildown's values, and coremltools' own where asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Cluster, Prune, UnsupportedError, cluster_weight, source_layers
from boildown.testing.graphs import GRAPHS

from .jobs import form, normalised, run, states, weights


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["plain"](), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize(("count", "bits"), [(2, 1), (4, 2), (5, 3), (16, 4), (20, 6), (200, 8)])
def test_a_layer_has_so_many_values_and_indices_of_the_bits_they_need(
    count: int, bits: int, source: Path
) -> None:
    for state in states(run(source, Cluster(values=count))).values():
        assert state.distinct_values <= count
        assert state.bits == bits


def test_values_are_the_same_as_in_every_backend(source: Path) -> None:
    step = Cluster(bits=4, init="kmeans")
    found, before = weights(source, form(run(source, step, seed=3))), weights(source, source)
    random = np.random.default_rng(3)
    for layer in source_layers(source):
        wanted = cluster_weight(before[layer.name], step, layer.axis, random)
        np.testing.assert_array_equal(found[layer.name], wanted)


def test_a_table_for_each_channel_is_nearer_than_one_for_all(source: Path) -> None:
    before, errors = weights(source, source), []
    for word in ("tensor", "channel"):
        step = Cluster.model_validate({"bits": 2, "granularity": word})
        found = weights(source, form(run(source, step)))
        errors.append(sum(float(((found[n] - before[n]) ** 2).sum()) for n in before))
        if word == "channel":
            assert max(len(np.unique(row)) for row in found["wide"]) <= 4
    assert errors[1] < errors[0]


@pytest.mark.parametrize(
    "said",
    [{"mode": "uniform"}, {"mode": "kmeans"}, {"group_size": 16}, {"cluster_dim": 2},
     {"per_channel_scale": True}],
)  # fmt: skip
def test_coremltools_own_palettes_are_carried_out(said: dict[str, Any], source: Path) -> None:
    plain, before = run(source, Cluster(bits=4)), weights(source, source)
    step = Cluster.model_validate({"bits": 4, "with": {"coreml": said}})
    result = run(source, step)
    found, ours = weights(source, form(result)), weights(source, form(plain))
    assert any(not np.array_equal(found[name], ours[name]) for name in found)
    for name in ("wide", "deep"):
        error, power = ((found[name] - before[name]) ** 2).sum(), (before[name] ** 2).sum()
        assert error < 0.2 * power
        assert states(result)[name].bits <= 4 or "per_channel_scale" in said


def test_evenly_spaced_values_are_evenly_spaced(source: Path) -> None:
    found = weights(source, form(run(source, Cluster(bits=3), settings={"mode": "uniform"})))
    for values in found.values():
        steps = np.diff(np.unique(values))
        assert steps.max() < 2.5 * steps.min()
        np.testing.assert_allclose(steps / steps.min(), np.rint(steps / steps.min()), atol=1e-3)


def test_layers_of_which_groups_do_not_fit_are_counted_and_named(source: Path) -> None:
    step = Cluster.model_validate({"bits": 4, "with": {"coreml": {"group_size": 16}}})
    result = run(source, step)
    (warned,) = [w for w in result.steps[0].warnings if w.code == "PARTIAL"]
    assert "1 of 4 layers" in warned.text  # ten classes
    assert "'fc'" in warned.text
    assert states(result)["fc"].bits == 32


@pytest.mark.parametrize(
    ("step", "said", "reason"),
    [
        ({"values": 5}, {"mode": "uniform"}, "2, 4, 8"),
        ({"bits": 4}, {"cluster_dim": 2, "mode": "uniform"}, "kmeans"),
        ({"bits": 4}, {"format": "mlmodel", "group_size": 4}, "group_size"),
        ({"bits": 4, "granularity": "channel"}, {"group_size": 4}, "one for so many"),
        ({"bits": 5}, {}, "values: 32"),
    ],
)
def test_what_excludes_each_other_is_refused(
    step: dict[str, Any], said: dict[str, Any], reason: str, source: Path
) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        run(source, Cluster.model_validate(step), settings=said)


@pytest.mark.parametrize("settings", [{"mode": "uniform"}, {"mode": "kmeans"}, {"cluster_dim": 4}])
def test_zeros_of_the_source_cannot_be_kept_by_palettes_of_coremltools(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Cluster(bits=4, keep_sparsity=True)
    with pytest.raises(UnsupportedError, match="zeros of `prune` steps only"):
        run(source, step, settings=settings)


def test_zeros_of_a_step_are_kept_by_palettes_of_coremltools(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Cluster.model_validate(
        {"bits": 4, "keep_sparsity": True, "with": {"coreml": {"mode": "uniform"}}}
    )
    found = states(run(source, Prune(sparsity=0.5), step))
    assert min(state.sparsity for state in found.values()) == pytest.approx(0.5, abs=0.02)
