"""Joint compression: every step on the package of the one before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import (
    Artifact,
    Cluster,
    Context,
    Prune,
    Quantize,
    Step,
    UnsupportedError,
    source_layers,
)
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import decibels
from boildown_coreml.chain import index_bits, precision_of, targets_of
from boildown_coreml.stored import stored_weights
from boildown_coreml.toolkit import ct, cto, silently
from boildown_coreml.translator import read_program

from .jobs import form, normalised, run, states, weights

HALF, SHARED = Prune(sparsity=0.5), Cluster(bits=4, keep_sparsity=True)
INT8 = Quantize()
LUT8 = Quantize(granularity="tensor")
CHAINS: dict[str, tuple[Step, ...]] = {
    "prune, int8": (HALF, INT8),
    "prune, int4": (HALF, Quantize(weights="int4")),
    "prune, int6": (HALF, Quantize(weights="int6")),
    "prune, cluster": (HALF, SHARED),
    "prune, cluster, int8": (HALF, SHARED, LUT8),
    "prune, cluster, int8 activations": (
        HALF,
        SHARED,
        Quantize(activations="int8", granularity="tensor"),
    ),
    "cluster, int8": (SHARED, LUT8),
    "int8, prune": (INT8, HALF),
    "int8, cluster": (INT8, Cluster(bits=4)),
    "int8 activations, cluster": (Quantize(activations="int8"), Cluster(bits=4)),
    "prune, float16": (HALF, Quantize(weights="float16")),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["plain"](), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_keeps_what_each_step_has_done(name: str, source: Path) -> None:
    steps = CHAINS[name]
    result = run(source, *steps)
    for state in states(result).values():
        if HALF in steps:
            assert 0.49 < state.sparsity < 0.56
        if any(isinstance(step, Cluster) for step in steps):
            assert state.distinct_values <= 16
    assert decibels(source, form(result)) > 3


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_is_decoded_as_coremltools_decodes_it(
    name: str, source: Path, tmp_path: Path
) -> None:
    result = run(source, *CHAINS[name])
    assert result.deployable is not None
    with silently():
        model = ct.models.MLModel(str(result.deployable.path), skip_model_load=True)
        cto.decompress_weights(model).save(str(tmp_path / "plain.mlpackage"))
    ours, theirs = (
        stored_weights(read_program(path))
        for path in (result.deployable.path, tmp_path / "plain.mlpackage")
    )
    for place in range(len(source_layers(source))):
        np.testing.assert_array_equal(ours[place][0].values, theirs[place][0].values)


def test_another_order_gives_other_numbers(source: Path) -> None:
    both = weights(source, form(run(source, HALF, SHARED)))
    alone = weights(source, form(run(source, SHARED)))
    assert not np.array_equal(both["wide"], alone["wide"])
    with pytest.raises(UnsupportedError, match="cannot stand after"):
        run(source, SHARED, HALF)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ((Quantize(weights="int2"), HALF), "int2 leaves a layer few values"),
        ((HALF, LUT8, Cluster(bits=4)), "cannot cluster weights that the steps before"),
        ((Quantize(weights="int4"), Cluster(bits=4)), "coremltools refuses to cluster"),
    ],
)
def test_what_core_ml_cannot_nest_is_refused(
    steps: tuple[Step, ...], reason: str, source: Path
) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        run(source, *steps)


def test_scales_of_channels_behind_shared_values_are_refused(source: Path) -> None:
    with pytest.raises(UnsupportedError, match="cannot stand after cluster"):
        run(source, SHARED, Quantize(granularity="channel"))


def test_vectors_of_pruned_weights_are_refused(source: Path) -> None:
    steps = (HALF, SHARED.model_copy(update={"with_": {"coreml": {"cluster_dim": 2}}}))
    with pytest.raises(UnsupportedError, match="first step"):
        run(source, *steps)


def context(*steps: Any, **said: Any) -> Context:
    return Context(workdir=Path(), original=Artifact(path=Path("x")), steps=steps, settings=said)


@pytest.mark.parametrize(
    ("steps", "target"),
    [
        ((), "iOS15"),
        ((Quantize(weights="float16"),), "iOS15"),
        ((INT8,), "iOS16"),
        ((HALF,), "iOS16"),
        ((SHARED,), "iOS16"),
        ((Cluster(bits=3),), "iOS18"),
        ((Cluster(bits=2, granularity="channel"),), "iOS18"),
        ((Cluster.model_validate({"bits": 4, "with": {"coreml": {"cluster_dim": 2}}}),), "iOS18"),
        ((Quantize(activations="int8"),), "iOS17"),
        ((Quantize(weights="int4"),), "iOS18"),
        ((Quantize(granularity="block"),), "iOS18"),
        ((Quantize(weights="int2"),), "iOS16"),
        ((HALF, INT8), "iOS18"),
        ((HALF, Quantize(weights="float16")), "iOS16"),
    ],
)
def test_the_target_is_the_lowest_that_the_chain_needs(steps: Any, target: str) -> None:
    assert targets_of(context(*steps)) == (target, "iOS18")


def test_a_target_that_is_too_low_is_refused_and_a_higher_one_taken(source: Path) -> None:
    assert targets_of(context(INT8, target="iOS17")) == ("iOS17", "iOS17")
    with pytest.raises(UnsupportedError, match="iOS18, and the recipe asks for iOS16"):
        run(source, Quantize(weights="int4"), settings={"target": "iOS16"})
    result = run(source, INT8, settings={"target": "iOS17"})
    assert result.deployable is not None
    with silently():
        version = ct.utils.load_spec(str(result.deployable.path)).specificationVersion
    assert version == ct.target.iOS17


def test_a_step_of_float16_makes_the_whole_program_one() -> None:
    assert precision_of(context(HALF)) == "float32"
    assert precision_of(context(HALF, Quantize(weights="float16"))) == "float16"
    assert precision_of(context(Quantize(activations="float16"))) == "float16"
    assert precision_of(context(HALF, precision="float16")) == "float16"
    with pytest.raises(UnsupportedError, match="leave one of them out"):
        precision_of(context(Quantize(activations="float16"), precision="float32"))


def test_tables_have_indices_of_the_bits_that_core_ml_has() -> None:
    assert [index_bits(count) for count in (2, 3, 8, 9, 17, 64, 65, 256)] == [
        1, 2, 3, 4, 6, 6, 8, 8
    ]  # fmt: skip


@pytest.mark.parametrize(
    "steps",
    [
        (Quantize(weights="int4", granularity="tensor"), Prune(sparsity=0.3)),
        (Quantize(weights="int4"), Prune(sparsity=0.3), Cluster(bits=4)),
    ],
)
def test_pruning_behind_16_values_a_layer_is_refused(steps: tuple[Step, ...], source: Path) -> None:
    with pytest.raises(UnsupportedError, match="weights or none"):
        run(source, *steps)


@pytest.mark.parametrize("granularity", ["channel", "block"])
def test_sharing_values_of_codes_beside_many_scales_is_refused(
    granularity: str, source: Path
) -> None:
    codes = Quantize.model_validate({"granularity": granularity})
    with pytest.raises(UnsupportedError, match="more values than were asked for"):
        run(source, codes, Cluster(bits=4))


def test_behind_one_scale_a_layer_has_the_values_that_were_asked(source: Path) -> None:
    for granularity in ("tensor", None):
        codes = Quantize.model_validate({"granularity": granularity})
        found = states(run(source, codes, Cluster(bits=4)))
        assert max(state.distinct_values for state in found.values()) <= 16
