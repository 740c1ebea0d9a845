"""Attention and recurrent layers against PyTorch and their formulas, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from boildown import UnsupportedError
from programs import IOS15, IOS17, IOS18, computed, mb

RNG = np.random.default_rng(1)


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def t(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))


@pytest.mark.parametrize("masked", [False, True])
def test_attention_gives_what_pytorch_gives(*, masked: bool, tmp_path: Path) -> None:
    q, k, v = noise(1, 2, 5, 4), noise(1, 2, 6, 4), noise(1, 2, 6, 4)
    mask = noise(1, 1, 5, 6)
    more = {"attn_mask": mask} if masked else {}
    (found,) = computed(
        tmp_path,
        lambda x0, x1, x2: mb.scaled_dot_product_attention(query=x0, key=x1, value=x2, **more),
        q, k, v,
        target=IOS18,
    )  # fmt: skip
    wanted = F.scaled_dot_product_attention(t(q), t(k), t(v), t(mask) if masked else None)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-5)


STEPS, INPUTS, HIDDEN = 5, 3, 4


def stacked(module: torch.nn.Module, name: str, order: list[int], end: str) -> np.ndarray:
    parts = np.split(getattr(module, f"{name}_l0{end}").detach().numpy(), len(order))
    return np.concatenate([parts[place] for place in order])


@pytest.mark.parametrize("target", [IOS15, IOS17])
@pytest.mark.parametrize("both", [False, True])
def test_an_lstm_gives_what_pytorch_gives(*, both: bool, target: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = torch.nn.LSTM(INPUTS, HIDDEN, bidirectional=both)
    ends = {"": "", "_back": "_reverse"} if both else {"": ""}
    weights = {}
    for ours, theirs in ends.items():  # PyTorch has i f z o, MIL i f o z
        for kind in ("ih", "hh"):
            weights[f"weight_{kind}{ours}"] = stacked(
                module, f"weight_{kind}", [0, 1, 3, 2], theirs
            )
        weights[f"bias{ours}"] = stacked(module, "bias_ih", [0, 1, 3, 2], theirs) + stacked(
            module, "bias_hh", [0, 1, 3, 2], theirs
        )
    x, h, c = noise(STEPS, 1, INPUTS), noise(len(ends), 1, HIDDEN), noise(len(ends), 1, HIDDEN)
    found = computed(
        tmp_path,
        lambda x0, x1, x2: mb.lstm(
            x=x0, initial_h=x1, initial_c=x2, output_sequence=True,
            direction="bidirectional" if both else "forward", **weights,
        ),
        x, h.transpose(1, 0, 2).reshape(1, -1), c.transpose(1, 0, 2).reshape(1, -1),
        target=target,
    )  # fmt: skip
    y, (h_n, c_n) = module(t(x), (t(h), t(c)))
    wanted = [y, h_n.permute(1, 0, 2).reshape(1, -1), c_n.permute(1, 0, 2).reshape(1, -1)]
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_gru_and_an_rnn_give_what_their_formulas_give(tmp_path: Path) -> None:
    x, h = noise(STEPS, 1, INPUTS), noise(1, HIDDEN)
    wi, wh, b = noise(3 * HIDDEN, INPUTS), noise(3 * HIDDEN, HIDDEN), noise(3 * HIDDEN)

    def build(x0: Any, x1: Any) -> Any:
        gated = mb.gru(x=x0, initial_h=x1, weight_ih=wi, weight_hh=wh, bias=b)
        plain = mb.rnn(
            x=x0, initial_h=x1, weight_ih=wi[:HIDDEN], weight_hh=wh[:HIDDEN], bias=b[:HIDDEN],
            activation="relu", output_sequence=True,
        )  # fmt: skip
        return gated[0], plain[0]

    def logistic(v: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-v))

    gated, plain, series = h, h, []
    for step in x:
        (ir, io, iz), (hr, ho, hz), (br, bo, bz) = (
            np.split(step @ wi.T, 3, 1), np.split(gated @ wh.T, 3, 1), np.split(b, 3)
        )  # fmt: skip
        r, z = logistic(ir + br + hr), logistic(iz + bz + hz)
        gated = (1 - z) * np.tanh(io + bo + r * ho) + z * gated
        plain = np.maximum(step @ wi[:HIDDEN].T + b[:HIDDEN] + plain @ wh[:HIDDEN].T, 0)
        series.append(plain)
    found = computed(tmp_path, build, x, h)
    np.testing.assert_allclose(found[0], gated[None], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1], np.stack(series), rtol=1e-4, atol=1e-5)


def test_what_has_no_exact_translation_is_refused_with_its_name(tmp_path: Path) -> None:
    weights = {"weight_ih": noise(4 * HIDDEN, INPUTS), "weight_hh": noise(4 * HIDDEN, HIDDEN)}
    state = np.zeros((1, HIDDEN), np.float32)

    def build(x0: Any) -> Any:
        return mb.lstm(
            x=x0, initial_h=state, initial_c=state, direction="reverse", name="backwards", **weights
        )[0]

    with pytest.raises(UnsupportedError, match=r"backwards \(lstm\).*reverse"):
        computed(tmp_path, build, noise(STEPS, 1, INPUTS))


def test_all_unknown_operators_are_named_at_once(tmp_path: Path) -> None:
    def build(x0: Any) -> Any:
        return mb.l2_norm(x=mb.band_part(x=x0, lower=1, upper=1))

    with pytest.raises(UnsupportedError, match="band_part, l2_norm"):
        computed(tmp_path, build, noise(1, 4, 9, 7))
