"""Pruned, clustered and int8 in a row: zeros and the few values of each layer last to the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Cluster, Quantize, Train
from boildown.job.protocol import JobResult

from .jobs import run, shipped, weights
from .test_cluster import zeroed

CLUSTER = Cluster(bits=4, keep_sparsity=True, train=Train(epochs=1, batch_size=16))
INT8 = Quantize(weights="int8", activations="int8", granularity="tensor")


def bits(result: JobResult) -> dict[str, float]:
    return {state.layer: state.bits for state in result.layers or []}


@pytest.mark.parametrize("network", ["plain", "batch_norm"])
def test_zeros_and_sixteen_values_a_layer_last_through_int8(network: str, tmp_path: Path) -> None:
    source = zeroed(tmp_path, network)
    result = run(source, CLUSTER, INT8)
    found = weights(source, shipped(result))
    for name, values in weights(source, source).items():
        np.testing.assert_array_equal(values == 0, found[name] == 0)
        assert len(np.unique(found[name])) <= 16
    assert bits(result)["deep"] == 4
    plain = shipped(run(source, INT8)).stat().st_size
    assert shipped(result).stat().st_size < 0.9 * plain
    notes = [warned.text for warned in result.steps[0].warnings]
    assert (network == "batch_norm") == any("batch norms are folded" in note for note in notes)


def test_batch_norms_stay_where_no_static_int8_follows(tmp_path: Path) -> None:
    source = zeroed(tmp_path, "batch_norm")
    for steps in ((CLUSTER,), (CLUSTER, Quantize(weights="int8"))):
        result = run(source, *steps)
        kinds = [node.op_type for node in onnx.load(shipped(result)).graph.node]
        assert kinds.count("BatchNormalization") == 2
        assert not result.steps[0].warnings


def test_int8_alone_gives_more_values_where_batch_norms_are_folded_late(tmp_path: Path) -> None:
    source = zeroed(tmp_path, "batch_norm")
    clustered = run(source, CLUSTER).steps[0].artifact.path
    late = run(clustered, INT8)
    assert max(state.distinct_values for state in late.layers or []) > 16


@pytest.mark.parametrize("given", [{}, {"reduce_range": False}])
def test_trained_values_are_codes_already_so_that_int8_changes_none(
    given: dict[str, bool], tmp_path: Path
) -> None:
    source = zeroed(tmp_path, "batch_norm")
    quantize = Quantize.model_validate({**INT8.model_dump(by_alias=True), "with": {"torch": given}})
    untrained = CLUSTER.model_copy(update={"train": None})
    moved = {}
    for name, step in (("trained", CLUSTER), ("untrained", untrained)):
        result = run(source, step, quantize)
        before = weights(source, result.steps[0].artifact.path)
        after = weights(source, shipped(result))
        moved[name] = max(np.abs(after[key] - before[key]).max() for key in before)
    assert moved["trained"] < 1e-6
    assert moved["untrained"] > 1e-4


@pytest.mark.parametrize("activations", ["int8", "float32"])
def test_training_behind_says_that_shared_values_part(activations: str, tmp_path: Path) -> None:
    source = zeroed(tmp_path, "plain")
    once = Cluster(bits=2)
    aware = Quantize(weights="int8", activations=activations, train=Train(epochs=1, batch_size=16))
    warnings = run(source, once, aware).steps[1].warnings
    assert [w.code for w in warnings if "shared" in w.text] == ["PARTIAL"]
    plain = Quantize(weights="int8", activations=activations)
    for result in (run(source, once, plain), run(source, aware)):
        assert not any("shared" in warned.text for warned in result.steps[-1].warnings)
