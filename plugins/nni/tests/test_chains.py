"""Chains: what one step has done still holds behind the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown import Distill, Prune, Quantize, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS

from .jobs import kernels, loss, normalised, run, shipped

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)
CHANNEL = Prune(sparsity=0.5, structure="channel", schedule="cubic", train=TRAIN)


def widths(result: JobResult) -> dict[str, tuple[int, int]]:
    return {state.layer: (state.shape[0], int(state.bits)) for state in result.layers or ()}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["batch_norm"](), tmp_path_factory.mktemp("batch_norm"))


@pytest.mark.parametrize("train", [None, TRAIN])
def test_a_narrower_network_is_quantized_and_runs_in_integers(
    source: Path, train: Train | None
) -> None:
    result = run(source, CHANNEL, Quantize(activations="int8", train=train))
    assert widths(result) == {"stem": (8, 8), "deep": (16, 8), "fc": (10, 8)}
    assert not {"Conv", "FusedConv", "Gemm", "FusedGemm"} & set(kernels(shipped(result)))
    assert loss(source, shipped(result)) < loss(source, shipped(run(source)))


def test_a_narrower_network_ships_few_values(source: Path) -> None:
    result = run(source, CHANNEL, Quantize(weights="int4", granularity="tensor", train=TRAIN))
    assert {layer: shape for layer, (shape, _) in widths(result).items()} == {
        "stem": 8, "deep": 16, "fc": 10,
    }  # fmt: skip
    assert all(state.distinct_values <= 15 for state in result.layers or ())


def test_a_student_is_pruned_and_quantized(source: Path) -> None:
    student = Distill(width=0.5, alpha=1.0, train=TRAIN)
    result = run(source, student, Prune(sparsity=0.5), Quantize(weights="int8"))
    assert widths(result)["deep"] == (16, 8)
    assert all(state.sparsity >= 0.49 for state in result.layers or ())


def test_a_chain_that_trains_both_says_that_its_steps_are_two(source: Path) -> None:
    result = run(source, CHANNEL, Quantize(activations="int8", train=TRAIN))
    assert any("one step at a time" in warned.text for warned in result.steps[1].warnings)
    at_once = run(source, CHANNEL, Quantize(activations="int8"))
    assert not any("one step at a time" in warned.text for warned in at_once.steps[1].warnings)


def test_nothing_comes_behind_quantizing(source: Path) -> None:
    with pytest.raises(UnsupportedError, match="after"):
        run(source, Quantize(), Prune(sparsity=0.5))
