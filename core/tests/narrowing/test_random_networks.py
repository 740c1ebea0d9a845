"""Whatever blocks stand in whatever order: narrower is the same as masked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import narrow

from .masking import distance, masked
from .networks import IMAGE, Wide

Block = Callable[[Wide, str, str, int], tuple[str, int]]


def _conv(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    return g.relu(g.norm(g.conv(x, name, 12, channels, 3, 3), f"{name}_norm", 12)), 12


def _depthwise(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    return g.relu(g.conv(x, name, 2 * channels, 1, 3, 3, group=channels)), 2 * channels


def _grouped(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    return g.conv(x, name, 16, channels // 2, 3, 3, group=2), 16


def _residual(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    return g.relu(
        g.node("Add", [x, g.conv(x, name, channels, channels, 1, 1)], f"{name}_sum")
    ), channels


def _dense(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    return g.node(
        "Concat", [x, g.conv(x, name, 6, channels, 3, 3)], f"{name}_join", axis=1
    ), channels + 6


def _gate(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    seen = g.node("GlobalAveragePool", [x], f"{name}_seen")
    gate = g.node("HardSigmoid", [g.conv(seen, name, channels, channels, 1, 1)], f"{name}_gate")
    return g.node("Mul", [x, gate], f"{name}_gated"), channels


def _shuffle(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    x = g.reshape(x, f"{name}_apart", -1, 2, channels // 2, 8, 8)
    x = g.node("Transpose", [x], f"{name}_turned", perm=[0, 2, 1, 3, 4])
    return g.reshape(x, f"{name}_together", -1, channels, 8, 8), channels


def _halves(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    one, other = g.several("Split", [x], name, 2, axis=1)
    half = channels // 2
    return g.node(
        "Concat", [g.conv(other, f"{name}_c", half, half, 1, 1), one], f"{name}_j", axis=1
    ), channels


def _normed(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    x = g.node("Transpose", [x], f"{name}_last", perm=[0, 2, 3, 1])
    parts = [g.weight(f"{name}.w", channels), g.weight(f"{name}.b", channels)]
    x = g.node("LayerNormalization", [x, *parts], name, axis=-1)
    x = g.node("MatMul", [x, g.weight(f"{name}.up", channels, 10)], f"{name}_up")
    return g.node("Transpose", [x], f"{name}_first", perm=[0, 3, 1, 2]), 10


def _soft(g: Wide, x: str, name: str, channels: int) -> tuple[str, int]:
    return g.node("Softmax", [x], name, axis=1), channels


BLOCKS: tuple[Block, ...] = (
    _conv, _depthwise, _grouped, _residual, _dense, _gate, _shuffle, _halves, _normed, _soft,
)  # fmt: skip


def network(seed: int) -> onnx.ModelProto:
    random = np.random.default_rng(seed)
    g = Wide(seed)
    x, channels = g.stem(), 8
    for place, block in enumerate(random.choice(len(BLOCKS), 6)):
        x, channels = BLOCKS[block](g, x, f"b{place}", channels)
    return g.model(IMAGE, g.head(g.conv(x, "last", 8, channels, 1, 1), 8))


@pytest.mark.parametrize("seed", range(40))
def test_a_random_network_made_narrower_computes_what_it_does_masked(seed: int) -> None:
    source = network(seed)
    width = float(np.random.default_rng(seed).uniform(0.2, 0.9))
    found = narrow(source, width)
    assert distance(masked(source, width), found.model) < 1e-5
    assert "last" in found.channels
    for had, now in found.channels.values():
        assert now >= had - round((1 - width) * had)
