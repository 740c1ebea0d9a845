"""Channels are removed for good: a smaller file, the outputs kept, what could not go told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Prune, Quantize, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS
from boildown_torch.prune import channel

from .jobs import normalised, run, samples, session, shipped
from .test_learned import loss

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)


def narrower(source: Path, *after: Any, round_to: int | None = None, **settings: Any) -> JobResult:
    step = Prune.model_validate({"sparsity": 0.5, "structure": "channel", **settings})
    return run(source, step, *after, settings={"round_to": round_to} if round_to else None)


def widths(result: JobResult) -> dict[str, int]:
    """Return the output channels of layers whose weight has them first."""
    assert result.layers is not None, result.layers_reason
    return {state.layer: state.shape[0] for state in result.layers}


@pytest.mark.parametrize("criterion", ["magnitude", "l2", "fpgm", "slim", "random", "taylor"])
@pytest.mark.parametrize("schedule", [None, "one-shot", "linear", "cubic"])
def test_half_of_the_channels_go_by_every_criterion_and_schedule(
    criterion: str, schedule: str | None, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    train = {"schedule": schedule, "train": TRAIN} if schedule else {}
    result = narrower(source, criterion=criterion, **train)
    assert widths(result) == {"stem": 8, "deep": 16, "fc": 10}
    assert shipped(result).stat().st_size < 0.5 * source.stat().st_size
    assert session(shipped(result)).run(None, samples(source))[0].shape == (37, 10)
    assert result.steps[0].cost.epochs == (4 if schedule else 0)
    assert not result.steps[0].warnings


def test_slim_removes_the_channels_of_the_smallest_factors(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    gamma = np.abs(_tensor(source, "stem_norm.gamma"))
    left = np.abs(
        _tensor(narrower(source, criterion="slim").steps[0].artifact.path, "stem_norm.gamma")
    )
    assert np.array_equal(np.sort(left), np.sort(gamma)[8:])


def _tensor(path: Path, name: str) -> np.ndarray:
    tensors = {t.name: t for t in onnx.load(path).graph.initializer}
    return onnx.numpy_helper.to_array(tensors[name])


def test_training_behind_or_between_makes_up_for_removed_channels(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    alone = shipped(narrower(source))
    for schedule in ("one-shot", "cubic"):
        trained = shipped(narrower(source, schedule=schedule, train=TRAIN))
        assert loss(source, trained) < 0.9 * loss(source, alone)


def test_what_keeps_its_channels_is_told_by_name_with_the_reason(tmp_path: Path) -> None:
    result = narrower(normalised(GRAPHS["attention"](), tmp_path))
    (warning,) = result.steps[0].warnings
    assert warning.code == "PARTIAL"
    assert "'out' what is left of the network does not fit together" in warning.text


def test_a_layer_that_shares_channels_with_one_that_stays_is_told(tmp_path: Path) -> None:
    source = normalised(GRAPHS["residual"](), tmp_path)
    result = narrower(source, layers={"include": ["left", "right"]})
    assert widths(result) == {"stem": 16, "left": 8, "right": 16, "fc": 10}
    assert "'right' shares its channels with 'stem'" in result.steps[0].warnings[0].text


def test_rounding_leaves_a_multiple_and_tells_what_it_costs(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = narrower(source, round_to=16)
    assert widths(result) == {"stem": 16, "wide": 32, "deep": 16, "fc": 10}
    assert "went instead of 50.0%" in result.steps[0].approximations[0]
    assert not narrower(source, round_to=8).steps[0].approximations


def test_a_network_without_channels_to_remove_is_refused_by_name(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    with pytest.raises(UnsupportedError, match="'fc' puts out the results"):
        narrower(source, layers={"include": ["fc"]})


def test_slim_without_batch_norms_is_refused_by_the_layers_names(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="'stem' has nothing that this criterion"):
        narrower(normalised(GRAPHS["plain"](), tmp_path), criterion="slim")


def test_less_than_one_channel_is_nothing_to_do(tmp_path: Path) -> None:
    result = narrower(normalised(GRAPHS["batch_norm"](), tmp_path), sparsity=0.01)
    assert "less than one channel of every layer" in result.steps[0].warnings[0].text
    assert widths(result)["deep"] == 32


def test_a_narrower_network_can_be_quantized_and_narrowed_again(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    again = Prune(sparsity=0.5, structure="channel", criterion="l2")
    result = narrower(source, again, Quantize(weights="int8"), train=TRAIN)
    assert widths(result) == {"stem": 4, "deep": 8, "fc": 10}
    assert {state.bits for state in result.layers or ()} == {8}


@pytest.mark.parametrize("criterion", ["random", "taylor"])
def test_a_seed_repeats_bit_for_bit(criterion: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    settings = {"criterion": criterion, "schedule": "linear", "train": TRAIN}
    one, other = (narrower(source, **settings).steps[0].digest for _ in range(2))
    assert one == other


def test_every_round_of_a_gradual_removal_holds_out_the_same_and_shuffles_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What judges the end must not have been trained on before."""
    seen: list[tuple[int, int | None, int]] = []
    plain = channel.fit_in_job

    def fit(module: Any, graph: Any, settings: Train, *given: Any, **more: Any) -> Any:
        seen.append((settings.epochs, settings.patience, more["epochs_before"]))
        return plain(module, graph, settings, *given, **more)

    monkeypatch.setattr(channel, "fit_in_job", fit)
    source = normalised(GRAPHS["plain"](), tmp_path)
    train = Train(epochs=5, batch_size=8, patience=4)
    narrower(source, schedule="cubic", train=train)
    assert seen == [(1, 4, 0), (1, 4, 1), (3, 4, 2)]
