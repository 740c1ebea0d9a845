"""Quantization-aware training of an exported module, whose own `train()` and `eval()` raise."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from boildown import Epoch, Train
from boildown_torch.training import fit
from boildown_torch.training.keeping import Keeper
from torch import nn

from .training_data import cnn, maps, same, top1, weights

# torchao takes two seconds to switch between training and evaluation.
FAST = Train(epochs=6, batch_size=16, learning_rate=0.01)


def prepared(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchao and torch.export warn of their own insides
        from torchao.quantization.pt2e.quantize_pt2e import prepare_qat_pt2e
        from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

        quantizer = x86.X86InductorQuantizer()
        quantizer.set_global(x86.get_default_x86_inductor_quantization_config(is_qat=True))
        example, batch = (torch.randn(2, 3, 8, 8),), torch.export.Dim("batch")
        exported = torch.export.export(module, example, dynamic_shapes=({0: batch},))
        return prepare_qat_pt2e(exported.module(), quantizer)


def switch(module: nn.Module, training: bool) -> None:  # noqa: FBT001
    from torchao.quantization.pt2e import move_exported_model_to_eval as to_eval
    from torchao.quantization.pt2e import move_exported_model_to_train as to_train

    (to_train if training else to_eval)(module)


def test_a_module_in_quantization_aware_training_learns_and_repeats_itself(
    tmp_path: Path,
) -> None:
    data, nets = maps(tmp_path), [prepared(cnn()) for _ in range(2)]
    fitted = [fit(net, data, FAST, seed=0, threads=1, mode=switch) for net in nets]
    assert fitted[0] == fitted[1]
    assert same(weights(nets[0]), weights(nets[1]))
    assert top1(nets[0], data) > 0.9
    assert all(np.isfinite(value).all() for value in weights(nets[0]).values())


def test_the_best_weights_and_observed_ranges_come_back() -> None:
    net = prepared(cnn())
    switch(net, training=True)
    net(torch.randn(4, 3, 8, 8))
    keeper = Keeper(net, patience=1, settled_after=0)
    before = weights(net)
    keeper.stops(Epoch(1, loss=1.0, learning_rate=1.0, validation_loss=1.0), steps=1)
    with torch.no_grad():
        for value in net.state_dict().values():
            value.zero_()
    assert not same(weights(net), before)
    assert keeper.put_back(last=2) == 1
    assert same(weights(net), before)


def test_without_a_switch_the_error_of_torch_comes_through(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="train"):
        fit(prepared(cnn()), maps(tmp_path), FAST, seed=0, threads=1)


def test_ranges_follow_what_training_sees_alone() -> None:
    """Samples that are held out judge, and must not decide what they judge."""
    from boildown_torch.static.trained import switch as switch_observers

    module, quiet = prepared(cnn()), torch.randn(4, 3, 8, 8)

    def ranges_after(batch: torch.Tensor, training: bool) -> dict[str, torch.Tensor]:  # noqa: FBT001
        switch_observers(module, training)
        with torch.no_grad():
            module(batch)
        return {n: t.clone() for n, t in module.state_dict().items() if n.endswith("_val")}

    seen = ranges_after(quiet, training=True)  # before anything is seen there are no ranges
    assert same(ranges_after(100 * quiet, training=False), seen)
    assert not same(ranges_after(100 * quiet, training=True), seen)
