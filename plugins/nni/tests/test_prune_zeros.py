"""Zeroed weights and filters: as many as asked, the right ones, kept while training."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from boildown import Prune, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS
from boildown_nni import prune as step_module
from boildown_nni.pruners import Length, arguments_of
from boildown_nni.ranking import least_kept
from nni.compression.pruning.tools import sparse_gen

from .jobs import loss, normalised, run, shipped, weights

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)


def pruned(source: Path, with_: dict[str, Any] | None = None, **settings: Any) -> JobResult:
    step = Prune.model_validate({"sparsity": 0.5, **settings})
    return run(source, step, settings=with_)


def filters(weight: np.ndarray) -> np.ndarray:
    """Return which filters are not all zero."""
    return np.asarray(np.abs(weight).reshape(len(weight), -1).any(axis=1))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["batch_norm"](), tmp_path_factory.mktemp("batch_norm"))


def test_the_smallest_weights_of_each_layer_become_zero(source: Path) -> None:
    before, after = weights(source, source), weights(source, shipped(pruned(source)))
    for layer, weight in before.items():
        bound = np.sort(np.abs(weight).ravel())[weight.size // 2]
        assert np.array_equal(after[layer], np.where(np.abs(weight) >= bound, weight, 0)), layer


def test_scope_global_prunes_the_smallest_weights_of_all_layers(source: Path) -> None:
    before = weights(source, source)
    after = weights(source, shipped(pruned(source, scope="global")))
    every = np.sort(np.concatenate([np.abs(weight).ravel() for weight in before.values()]))
    bound = every[len(every) // 2]
    for layer, weight in before.items():
        assert np.array_equal(after[layer] != 0, np.abs(weight) >= bound), layer


@pytest.mark.parametrize("schedule", ["one-shot", "linear", "cubic"])
def test_scope_global_holds_while_training(source: Path, schedule: str) -> None:
    after = weights(source, shipped(pruned(source, scope="global", schedule=schedule, train=TRAIN)))
    every = sum(int((weight == 0).sum()) for weight in after.values())
    assert every == sum(weight.size for weight in after.values()) // 2
    assert len({round(float((weight == 0).mean()), 3) for weight in after.values()}) > 1


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.5, 0.99])
def test_the_bound_over_all_layers_is_that_of_nni(ratio: float) -> None:
    """Its own ranking, one weight after the other."""
    torch.manual_seed(0)
    sizes = [torch.rand(3, 4), torch.rand(50), torch.rand(2, 5, 3, 3) ** 2]
    metrics = {str(place): {"weight": size} for place, size in enumerate(sizes)}
    group = [(name, "weight", SimpleNamespace(target=metrics[name]["weight"])) for name in metrics]
    total = sum(size.numel() for size in sizes)
    wanted = sparse_gen._global_threshold_generate(metrics, group, int(total * ratio))
    assert least_kept(sizes, ratio) == wanted
    assert least_kept(sizes[:2], ratio or 0.1) != wanted


@pytest.mark.parametrize("train", [None, TRAIN])
def test_weights_below_a_threshold_become_zero(source: Path, train: Train | None) -> None:
    result = pruned(source, sparsity=None, threshold=0.05, criterion="threshold", train=train)
    after = weights(source, shipped(result))
    for layer, weight in weights(source, source).items():
        stays = np.abs(weight) >= 0.05
        assert 0 < stays.mean() < 1
        assert np.array_equal(after[layer] != 0, stays), layer


def _l1(rows: np.ndarray) -> np.ndarray:
    return np.abs(rows).sum(1)


def _l2(rows: np.ndarray) -> np.ndarray:
    return np.sqrt((rows**2).sum(1))


def _to_the_others(rows: np.ndarray) -> np.ndarray:
    return np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(2)).sum(1)


@pytest.mark.parametrize(
    ("criterion", "score"), [("magnitude", _l1), ("l2", _l2), ("fpgm", _to_the_others)]
)
def test_filters_go_by_the_scores_of_their_papers(source: Path, criterion: str, score: Any) -> None:
    before = weights(source, source)
    after = weights(source, shipped(pruned(source, structure="filter", criterion=criterion)))
    for layer, weight in before.items():
        scores = score(weight.reshape(len(weight), -1).astype(np.float64))
        assert set(np.flatnonzero(filters(after[layer]))) == set(
            np.argsort(scores)[len(weight) // 2 :]
        ), layer
        kept = filters(after[layer])
        assert np.array_equal(after[layer][kept], weight[kept])


def test_taylor_prunes_other_filters_than_their_norms_would(source: Path) -> None:
    files = [
        shipped(pruned(source, structure="filter", criterion=criterion))
        for criterion in ("taylor", "magnitude")
    ]
    taylor, norm = (weights(source, file) for file in files)
    assert all(filters(weight).mean() == 0.5 for weight in taylor.values())
    assert any(not np.array_equal(filters(taylor[k]), filters(norm[k])) for k in norm)


@pytest.mark.parametrize("structure", ["element", "filter"])
@pytest.mark.parametrize("schedule", ["one-shot", "linear", "cubic"])
def test_training_makes_up_for_zeros_which_stay(
    source: Path, structure: str, schedule: str
) -> None:
    alone = pruned(source, structure=structure)
    result = pruned(source, structure=structure, schedule=schedule, train=TRAIN)
    assert {round(state.sparsity, 2) for state in result.layers or ()} == {0.5}
    assert result.steps[0].cost.epochs == 4
    assert loss(source, shipped(result)) < 0.95 * loss(source, shipped(alone))


@pytest.mark.parametrize("criterion", ["slim", "taylor", "movement"])
def test_what_is_learnt_while_training_prunes_as_much_as_asked(
    source: Path, criterion: str
) -> None:
    result = pruned(source, structure="filter", criterion=criterion, schedule="cubic", train=TRAIN)
    assert {round(state.sparsity, 2) for state in result.layers or ()} == {0.5}


def test_zeros_of_an_earlier_step_stay_while_a_later_one_trains(source: Path) -> None:
    first = Prune(sparsity=0.3)
    second = Prune(sparsity=0.5, structure="filter", schedule="linear", train=TRAIN)
    zeros = weights(source, shipped(run(source, first)))
    after = weights(source, shipped(run(source, first, second)))
    assert all((after[layer][zeros[layer] == 0] == 0).all() for layer in zeros)


LATE = {"arguments": {"interval_steps": 5, "total_times": 8}}


def kept_early(source: Path) -> set[float]:
    """Return the sparsities of a training whose ramp ends with its last epoch but one."""
    train = Train(epochs=9, batch_size=8, learning_rate=3e-2, patience=9)
    result = pruned(source, LATE, schedule="linear", train=train)
    return {round(state.sparsity, 2) for state in result.layers or ()}


def test_no_epoch_is_kept_before_all_is_pruned(source: Path) -> None:
    assert kept_early(source) == {0.5}


def test_an_epoch_kept_before_that_would_be_too_dense(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_module, "settled_after", lambda _: 0)
    assert max(kept_early(source)) < 0.5


@pytest.mark.parametrize(
    ("given", "interval", "times"),
    [
        ({}, 5, 20),
        ({"total_times": 4}, 25, 4),
        ({"interval_steps": 50}, 50, 2),
        ({"interval_steps": 3, "total_times": 7}, 3, 7),
    ],
)
def test_the_ramp_takes_half_of_the_training_whichever_of_its_numbers_is_given(
    given: dict[str, int], interval: int, times: int
) -> None:
    step = Prune(sparsity=0.5, schedule="linear", train=TRAIN)
    arguments = arguments_of("Level", step, Length(200, 100), given)
    assert arguments == {"interval_steps": interval, "total_times": times}


def test_settings_of_nni_reach_its_classes(source: Path) -> None:
    by_name = pruned(source, {"pruner": "FPGM"}, structure="filter")
    by_criterion = pruned(source, structure="filter", criterion="fpgm")
    for layer, weight in weights(source, shipped(by_name)).items():
        assert np.array_equal(weight, weights(source, shipped(by_criterion))[layer])


@pytest.mark.parametrize(
    ("with_", "settings", "told"),
    [
        ({"pruner": "Level"}, {"structure": "filter"}, "judges single weights"),
        ({"pruner": "L1Norm"}, {}, "judges whole filters"),
        ({"pruner": "Movement"}, {"train": TRAIN}, "cubic schedule of its own"),
        (
            {"pruner": "Movement"},
            {"train": TRAIN, "schedule": "cubic", "scope": "global"},
            "ranks within layers",
        ),
        ({"pruner": "Slim"}, {"structure": "filter"}, "give `train`"),
        ({"arguments": {"warmup_step": 3}}, {}, "takes no warmup_step"),
        (
            {"arguments": {"interval_steps": 10, "total_times": 10}},
            {"schedule": "linear", "train": TRAIN},
            "is 100, and there are 20 steps",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    source: Path, with_: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(UnsupportedError, match=told):
        pruned(source, with_, **settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"scope": "global", "structure": "filter"}, "only element"),
        ({"criterion": "movement"}, "schedule of its own"),
        ({"criterion": "slim", "structure": "filter"}, "only with 'train'"),
        ({"criterion": "slim", "train": TRAIN}, "factors of whole filters"),
        ({"criterion": "fpgm"}, "whole filters"),
        ({"criterion": "random"}, "no pruner that draws"),
        ({"sparsity": None, "structure": "2:4"}, "not n of m"),
        ({"criterion": "taylor"}, "structure"),
    ],
)
def test_what_nni_cannot_do_is_a_gap_with_the_reason(
    source: Path, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(UnsupportedError, match=told):
        pruned(source, **settings)
