"""NNI's quantizers: their configuration of weights, what they need to train, and their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from boildown import Codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn


def weight_entry(names: list[str], quantizer: str, bits: int, *, whole: bool) -> dict[str, Any]:
    """Return NNI's configuration of the weights of these modules, `whole` with one scale each.

    DoReFa and BNN have no scales of channels.
    """
    entry: dict[str, Any] = {"op_names": names, "target_names": ["weight"]}
    if quantizer == "BNN":
        return {**entry, "quant_dtype": None, "granularity": "default"}
    if quantizer == "DoReFa":
        return {**entry, "quant_dtype": f"uint{bits}", "quant_scheme": "affine"}
    grain = "default" if whole else "out_channel"
    return {
        **entry,
        "quant_dtype": f"int{bits}",
        "quant_scheme": "symmetric",
        "granularity": grain,
    }


def codes_of(module: nn.Module, name: str, quantizer: str, bits: int) -> Codes:
    """Return the codes of a wrapped module's weight, as NNI's forward pass rounds it.

    In PyTorch's orientation. Those of DoReFa lie on both sides of minus one half.
    """
    wrapper: Any = module.get_submodule(name)._nni_wrapper  # noqa: SLF001 - as NNI hangs it
    weight: Tensor = wrapper.weight.detach()
    if quantizer == "BNN":
        return Codes(_int8(torch.where(weight < 0, -1.0, 1.0)), _one(1.0, weight))
    if quantizer == "DoReFa":
        most = 2**bits - 1
        share = weight.tanh()
        share = share / (2 * share.abs().max()) + 0.5
        code = torch.round((share / (1 / most)).clamp(0, most))
        middle = 2 ** (bits - 1)
        return Codes(
            _int8(code - middle),
            _one(2 / most, weight),
            _one(-0.5, weight),
        )
    most = 2 ** (bits - 1) - 1
    space = wrapper.quantization_target_spaces["weight"]
    scale = space.scale.detach().abs().reshape(-1, *[1] * (weight.dim() - 1))
    if scale.numel() == 1:
        scale = scale.reshape([1] * weight.dim())
    code = torch.round((weight / scale).clamp(-most, most))
    return Codes(_int8(code), scale.numpy().astype(np.float32))


def start_steps(module: nn.Module, quantizer: Any) -> None:
    """Let LSQ's steps begin as its authors say, 2·mean|w|/√q of each channel.

    NNI 3.0 begins with 0.01 whatever the weights are (Esser and others, 2020, section 2.1). The
    network has to have run once.
    """
    quantizer.is_init = True
    for part in module.modules():
        spaces = getattr(part, "quantization_target_spaces", {})
        if "weight" not in spaces:
            continue
        space = spaces["weight"]
        size = part.weight.detach().abs()  # type: ignore[operator]
        mean = size.mean() if space.scale.numel() == 1 else size.flatten(1).mean(1)
        start = (2 * mean / space.qmax**0.5).clamp_min(1e-8)
        space.scale.data = start.reshape(space.scale.shape).clone()


def keep_zero_gradients(network: nn.Module, names: Iterable[str]) -> None:
    """Let samples that give these modules no gradient go on giving none.

    NNI's DoReFa divides the gradient of each sample by its greatest number, and makes nan of 0 / 0:
    as soon as one sample is classified with certainty, all weights are nan.
    """

    def without_nan(_module: nn.Module, gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        samples = [tuple(range(1, gradient.dim())) for gradient in gradients]
        return tuple(
            gradient.masked_fill(gradient.isnan().all(axes, keepdim=True), 0.0)
            for gradient, axes in zip(gradients, samples, strict=True)
        )

    for name in names:
        network.get_submodule(name).register_full_backward_pre_hook(without_nan)


def _int8(codes: Tensor) -> np.ndarray:
    return codes.numpy().astype(np.int8)


def _one(value: float, weight: Tensor) -> np.ndarray:
    """Return one number that spreads over a weight."""
    return np.full([1] * weight.dim(), value, np.float32)
