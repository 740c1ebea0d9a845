"""`fit` trains: it learns, repeats itself, keeps what it should and leaves the rest alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import (
    DataError,
    DataManifest,
    DivergedError,
    Fitted,
    ModelError,
    Train,
    steps_per_epoch,
)
from boildown_torch.training import fit
from torch import nn

from .training_data import arrays, blobs, cnn, maps, mlp, same, top1, weights

FAST = Train(epochs=8, batch_size=16, learning_rate=0.02)


def trained(module: nn.Module, data: DataManifest, settings: Train = FAST, **more: Any) -> Fitted:
    return fit(module, data, settings, **({"seed": 0, "threads": 1} | more))


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "linear"])
def test_every_optimizer_and_schedule_learns(tmp_path: Path, optimizer: str, schedule: str) -> None:
    data, module = blobs(tmp_path), mlp()
    settings = FAST.model_copy(update={"optimizer": optimizer, "schedule": schedule})
    before = top1(module, data)
    fitted = trained(module, data, settings)
    assert before < 0.5
    assert top1(module, data) > 0.9
    assert fitted.history[-1].loss < fitted.history[0].loss
    assert fitted.steps == 8 * steps_per_epoch(data, settings) == 8 * 13


def test_a_convolutional_network_with_batch_norm_and_dropout_learns(tmp_path: Path) -> None:
    data, module = maps(tmp_path), cnn()
    mean = module[1].running_mean.clone()
    trained(module, data)
    assert not module.training
    assert not torch.equal(mean, module[1].running_mean)
    assert top1(module, data) > 0.9


def test_a_network_of_no_learning_rate_to_speak_of_learns_nothing(tmp_path: Path) -> None:
    data, module = blobs(tmp_path), mlp()
    before = top1(module, data)
    trained(module, data, FAST.model_copy(update={"learning_rate": 1e-9}))
    assert top1(module, data) == before


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(
    tmp_path: Path, layout: torch.memory_format
) -> None:
    data, one, other, third = maps(tmp_path), cnn(), cnn(), cnn()
    histories = [trained(net, data, layout=layout).history for net in (one, other)]
    trained(third, data, layout=layout, seed=1)
    assert same(weights(one), weights(other))
    assert histories[0] == histories[1]
    assert not same(weights(one), weights(third))


def test_settings_of_torch_are_as_they_were(tmp_path: Path) -> None:
    module, state = mlp(), torch.random.get_rng_state()
    threads = torch.get_num_threads()
    trained(module, blobs(tmp_path), Train(epochs=1, batch_size=200), threads=threads + 1)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(state, torch.random.get_rng_state())


def test_weights_are_the_same_objects_in_their_usual_layout(tmp_path: Path) -> None:
    module = cnn()
    before = [id(parameter) for parameter in module.parameters()]
    trained(module, maps(tmp_path))
    assert [id(parameter) for parameter in module.parameters()] == before
    assert all(parameter.is_contiguous() for parameter in module.parameters())


def test_layouts_differ_by_rounding_only(tmp_path: Path) -> None:
    data, short = maps(tmp_path), Train(epochs=1, batch_size=48, optimizer="sgd")
    one, other = cnn(), cnn()
    trained(one, data, short, layout=torch.channels_last)
    trained(other, data, short, layout=torch.contiguous_format)
    for name, values in weights(one).items():
        np.testing.assert_allclose(values, weights(other)[name], atol=1e-5)


def test_frozen_weights_stay(tmp_path: Path) -> None:
    module = mlp()
    module[0].requires_grad_(requires_grad=False)
    before = weights(module)
    trained(module, blobs(tmp_path))
    assert np.array_equal(before["0.weight"], weights(module)["0.weight"])
    assert not np.array_equal(before["2.weight"], weights(module)["2.weight"])


def test_hooks_come_once_a_step_and_masks_hold(tmp_path: Path) -> None:
    module, called = mlp(), []
    mask = torch.rand_like(module[0].weight) > 0.5

    def put_back(step: int) -> None:
        called.append(step)
        module[0].weight.mul_(mask)

    graded: list[int] = []
    fitted = trained(module, blobs(tmp_path), after_step=put_back, after_backward=graded.append)
    assert called == graded == list(range(fitted.steps))
    assert torch.equal(module[0].weight == 0, ~mask)


def test_progress_comes_once_a_batch_and_ends_at_its_total(tmp_path: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    settings = FAST.model_copy(update={"epochs": 2, "patience": 2})
    trained(mlp(), blobs(tmp_path), settings, progress=lambda *said: heard.append(said))
    # 180 samples train in 12 batches and 20 judge in 2.
    assert [(done, total) for done, total, _ in heard] == [(i + 1, 28) for i in range(28)]
    assert heard[0][2].startswith("epoch 1 of 2, loss ")


def test_an_own_switch_of_modes_is_used(tmp_path: Path) -> None:
    module, modes = mlp(), []
    module.train = module.eval = None  # type: ignore[assignment]
    trained(module, blobs(tmp_path), mode=lambda net, training: modes.append((net, training)))
    assert modes == [(module, False), (module, True), (module, False)]


def test_several_inputs_come_in_the_given_order(tmp_path: Path) -> None:
    class Minus(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp()

        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            assert left.shape[1] == 8
            assert right.shape[1] == 1
            return self.net(left - right)

    with np.load(blobs(tmp_path).splits["train"].path) as held:
        x, y = held["x"], held["y"]
    data = arrays(tmp_path / "two.npz", {"b": np.zeros((len(x), 1), np.float32), "a": x}, y)
    assert trained(Minus(), data, inputs=["a", "b"]).history[-1].loss < 0.5
    with pytest.raises(DataError, match=r"the model has one input, the data give \['b', 'a'\]"):
        trained(Minus(), data)


def test_a_lone_last_sample_does_not_reach_batch_norm(tmp_path: Path) -> None:
    data = maps(tmp_path, 33)
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.BatchNorm1d(4))
    fitted = trained(net, data, Train(epochs=1, batch_size=16))
    assert fitted.steps == steps_per_epoch(data, Train(batch_size=16)) == 2


def test_softmax_at_the_end_trains_like_the_scores_before_it(tmp_path: Path) -> None:
    data, one = blobs(tmp_path), mlp()
    other = nn.Sequential(*mlp(), nn.Softmax(1))
    losses = [trained(net, data).history[-1].loss for net in (one, other)]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_memory_does_not_hold_the_graphs_of_earlier_batches(tmp_path: Path) -> None:
    alive: list[int] = []
    counts: dict[str, int] = {"made": 0, "freed": 0}

    def watch(_net: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        counts["made"] += 1
        torch.utils.hooks.weakref.finalize(  # type: ignore[attr-defined]
            output, lambda: counts.update(freed=counts["freed"] + 1)
        )
        alive.append(counts["made"] - counts["freed"])
        return output

    module = mlp()
    module[0].register_forward_hook(watch)
    trained(module, blobs(tmp_path))
    assert len(alive) > 100
    assert max(alive) <= 2


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"splits": {}}, "has no train samples"),
        (None, "no data are given"),
    ],
)
def test_missing_samples_are_said(tmp_path: Path, change: dict[str, Any] | None, text: str) -> None:
    data = None if change is None else blobs(tmp_path).model_copy(update=change)
    with pytest.raises(DataError, match=text):
        fit(mlp(), data, FAST, seed=0, threads=1)


def test_samples_without_labels_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have no labels"):
        trained(mlp(), blobs(tmp_path, labelled=False))


def test_labels_that_the_model_does_not_know_are_named(tmp_path: Path) -> None:
    narrow = nn.Linear(8, 3)
    with pytest.raises(DataError, match="the label 3, and the model tells 3 classes"):
        trained(narrow, blobs(tmp_path))


def test_outputs_that_are_no_scores_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has shape \('samples', 4, 6, 6\)"):
        trained(nn.Conv2d(3, 4, 3), maps(tmp_path))


def test_a_module_of_constants_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Sequential has no weight that can be trained"):
        trained(mlp().requires_grad_(requires_grad=False), blobs(tmp_path))


def test_a_loss_that_is_no_number_says_where_and_what_to_do(tmp_path: Path) -> None:
    wild = FAST.model_copy(update={"learning_rate": 10.0, "optimizer": "sgd"})
    deep = nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(8, 8), nn.ReLU())])
    with pytest.raises(DivergedError, match=r"in epoch \d of 8, .*`learning_rate: 10.0`"):
        trained(nn.Sequential(deep, nn.Linear(8, 4)), blobs(tmp_path), wild)


def test_weights_spoilt_by_the_last_step_are_noticed(tmp_path: Path) -> None:
    module, settings = mlp(), Train(epochs=1, batch_size=100)
    with pytest.raises(DivergedError, match="a weight became nan"):
        trained(
            module,
            blobs(tmp_path),
            settings,
            after_step=lambda step: module[2].weight.fill_(float("nan")) if step == 1 else None,
        )
