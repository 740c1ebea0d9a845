"""What is baked into weights computes what NNI's wrapped network computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from boildown import Prune
from boildown.testing.graphs import GRAPHS
from boildown_nni.baking import bake, masks_of
from boildown_nni.evaluating import Training
from boildown_nni.pruners import Length, arguments_of, configuration, make_pruner
from boildown_torch.importer import import_onnx
from torch import Tensor, fx, nn

LAYERS = ["stem", "deep", "fc"]
_STEPS = 8


def trained(name: str, structure: str) -> tuple[fx.GraphModule, Any, Tensor]:
    """Return a network that is wrapped and has its masks, its pruner and a batch."""
    torch.manual_seed(0)
    module, x = import_onnx(GRAPHS["batch_norm"]()), torch.randn(16, 3, 12, 12)

    def run(model: nn.Module, behind_each_batch: Callable[[], None], objective: Any) -> None:
        for _ in range(_STEPS):
            objective(model(x), (x,), torch.arange(16) % 4).backward()
            behind_each_batch()

    step = Prune(sparsity=0.5, structure=structure, schedule="cubic", train={"epochs": 1})  # type: ignore[arg-type]
    entries, training = configuration(module, LAYERS, step), Training(module, run)
    arguments = arguments_of(name, step, Length(_STEPS, _STEPS), {})
    pruner = make_pruner(name, module, entries, training=training, step=step, arguments=arguments)
    pruner.compress(_STEPS, None)
    return module.eval(), pruner, x


@pytest.mark.parametrize(
    ("name", "structure"),
    [
        ("Level", "element"),
        ("L1Norm", "filter"),
        ("Taylor", "filter"),
        ("Slim", "filter"),
        ("Movement", "element"),
        ("Movement", "filter"),
    ],
)
def test_the_baked_network_is_the_wrapped_one(name: str, structure: str) -> None:
    module, pruner, x = trained(name, structure)
    wanted = module(x)
    bake(module, pruner)
    assert torch.allclose(module(x), wanted, atol=1e-6)
    assert not any("_nni_wrapper" in key for key in module.state_dict())
    assert not any("forward" in vars(part) for part in module.modules())


def test_without_its_factors_a_slim_network_is_another() -> None:
    module, pruner, x = trained("Slim", "filter")
    wanted, masks = module(x), masks_of(pruner)
    pruner.unwrap_model()
    with torch.no_grad():
        for layer, targets in masks.items():
            module.get_parameter(f"{layer}.weight").mul_(targets["weight"])
    assert not torch.allclose(module(x), wanted, atol=1e-3)


def test_an_unbaked_network_is_dense() -> None:
    module, pruner, _ = trained("Level", "element")
    pruner.unwrap_model()
    assert all(bool(module.get_parameter(f"{layer}.weight").all()) for layer in LAYERS)
