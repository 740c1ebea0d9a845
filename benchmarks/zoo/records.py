"""The figures that stand in a record beside the accuracy: its interval, the work, the machine."""

import math
import platform
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .images import SIZE

Z_95 = 1.959964


def wilson_interval(correct: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, which stays within 0..1 unlike the normal one."""
    share, spread = correct / count, Z_95**2 / count
    centre = share + spread / 2
    half = Z_95 * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return round(low, 4), round(high, 4)


def multiply_accumulates(net: nn.Module) -> int:
    """Count the multiplications of convolutions and linear layers for one image."""
    total = 0

    def count(module: nn.Module, _: Any, output: Tensor) -> None:  # noqa: ANN401 - torch's hook
        nonlocal total
        weight = module.get_parameter("weight")
        total += output.numel() * weight[0].numel()

    counted = [module for module in net.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    hooks = [module.register_forward_hook(count) for module in counted]
    net.eval()(torch.zeros(1, 3, SIZE, SIZE))
    for hook in hooks:
        hook.remove()
    return total


def cpu_model() -> str:
    """Return the processor's name as the system states it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
