"""Convolutions, pools, norms, products and resizing against PyTorch's functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from programs import computed, mb

RNG = np.random.default_rng(1)


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def t(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))


IMAGE = noise(1, 4, 9, 7)
WEIGHT, GROUPED, BIAS = noise(6, 4, 3, 2), noise(6, 2, 3, 3), noise(6)
TURNED = noise(4, 3, 3, 2)
GAMMA, BETA, MEAN, VARIANCE = noise(4), noise(4), noise(4), np.abs(noise(4)) + np.float32(0.1)
LINE = noise(1, 4, 11)
VOLUME = noise(1, 2, 5, 4, 6)

CASES: dict[str, tuple[np.ndarray, Any, Any]] = {
    "conv with strides, dilations and uneven margins": (
        IMAGE,
        lambda x: mb.conv(
            x=x, weight=WEIGHT, bias=BIAS, strides=[2, 1], dilations=[1, 2],
            pad_type="custom", pad=[2, 1, 0, 3],
        ),
        lambda x: F.conv2d(
            F.pad(x, (0, 3, 2, 1)), t(WEIGHT), t(BIAS), stride=(2, 1), dilation=(1, 2)
        ),
    ),
    "conv in groups": (
        IMAGE,
        lambda x: mb.conv(x=x, weight=GROUPED, groups=2),
        lambda x: F.conv2d(x, t(GROUPED), groups=2),
    ),
    "conv of same size": (
        IMAGE,
        lambda x: mb.conv(x=x, weight=WEIGHT, strides=[2, 2], pad_type="same"),
        # 9 -> 5 lacks 2 rows, 7 -> 4 lacks 1 column, which is at the end
        lambda x: F.conv2d(F.pad(x, (0, 1, 1, 1)), t(WEIGHT), stride=2),
    ),
    "conv of same size, more at the beginning": (
        IMAGE,
        lambda x: mb.conv(x=x, weight=WEIGHT, strides=[2, 2], pad_type="same_lower"),
        lambda x: F.conv2d(F.pad(x, (1, 0, 1, 1)), t(WEIGHT), stride=2),
    ),
    "conv of a series": (
        LINE,
        lambda x: mb.conv(x=x, weight=WEIGHT[..., 0], bias=BIAS, strides=[2]),
        lambda x: F.conv1d(x, t(WEIGHT[..., 0]), t(BIAS), stride=2),
    ),
    "conv of a volume": (
        VOLUME,
        lambda x: mb.conv(x=x, weight=WEIGHT[:, :2, :, :, None], strides=[1, 2, 1]),
        lambda x: F.conv3d(x, t(WEIGHT[:, :2, :, :, None]), stride=(1, 2, 1)),
    ),
    "transposed conv": (
        IMAGE,
        lambda x: mb.conv_transpose(
            x=x, weight=TURNED, bias=BIAS[:3], strides=[2, 3], pad_type="custom",
            pad=[1, 1, 0, 0],
        ),
        lambda x: F.conv_transpose2d(x, t(TURNED), t(BIAS[:3]), stride=(2, 3), padding=(1, 0)),
    ),
    "transposed conv with an output shape": (
        IMAGE,
        lambda x: mb.conv_transpose(
            x=x, weight=TURNED, strides=[2, 2], pad_type="custom", pad=[1, 1, 1, 1],
            output_shape=[1, 3, 18, 13],
        ),
        lambda x: F.conv_transpose2d(x, t(TURNED), stride=2, padding=1, output_padding=(1, 1)),
    ),
    "transposed conv in groups": (
        IMAGE,
        lambda x: mb.conv_transpose(x=x, weight=TURNED, groups=2, dilations=[2, 1]),
        lambda x: F.conv_transpose2d(x, t(TURNED), groups=2, dilation=(2, 1)),
    ),
    "max pool": (
        IMAGE,
        lambda x: mb.max_pool(
            x=x, kernel_sizes=[3, 2], strides=[2, 1], pad_type="custom", pad=[1, 1, 1, 1]
        ),
        lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 1)),
    ),
    "max pool with a started window at the end": (
        IMAGE,
        lambda x: mb.max_pool(
            x=x, kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid", ceil_mode=True
        ),
        lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True),
    ),
    "average pool that counts its margin": (
        IMAGE,
        lambda x: mb.avg_pool(
            x=x, kernel_sizes=[3, 3], strides=[2, 2], pad_type="custom", pad=[1, 1, 1, 1]
        ),
        lambda x: F.avg_pool2d(x, 3, 2, 1),
    ),
    "average pool that leaves its margin out": (
        IMAGE,
        lambda x: mb.avg_pool(
            x=x, kernel_sizes=[3, 3], strides=[2, 2], pad_type="custom", pad=[1, 1, 1, 1],
            exclude_padding_from_average=True,
        ),
        lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    ),
    "average pool with a started window at the end": (
        IMAGE,
        lambda x: mb.avg_pool(
            x=x, kernel_sizes=[2, 2], strides=[2, 2], pad_type="custom", pad=[0, 0, 0, 0],
            ceil_mode=True,
        ),
        lambda x: F.avg_pool2d(x, 2, 2, ceil_mode=True),
    ),
    "average pool of same size": (
        IMAGE,
        lambda x: mb.avg_pool(
            x=x, kernel_sizes=[2, 2], strides=[1, 1], pad_type="same",
            exclude_padding_from_average=True,
        ),
        lambda x: F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2, 1) * 4 / F.avg_pool2d(
            F.pad(torch.ones(1, 1, 9, 7), (0, 1, 0, 1)), 2, 1
        ) / 4,
    ),
    "euclidean pool": (
        IMAGE,
        lambda x: mb.l2_pool(x=x, kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid"),
        lambda x: torch.sqrt(F.avg_pool2d(x * x, 2, 2) * 4),
    ),
    "batch norm": (
        IMAGE,
        lambda x: mb.batch_norm(
            x=x, mean=MEAN, variance=VARIANCE, gamma=GAMMA, beta=BETA, epsilon=1e-3
        ),
        lambda x: F.batch_norm(x, t(MEAN), t(VARIANCE), t(GAMMA), t(BETA), eps=1e-3),
    ),
    "batch norm without a scale": (
        IMAGE,
        lambda x: mb.batch_norm(x=x, mean=MEAN, variance=VARIANCE),
        lambda x: F.batch_norm(x, t(MEAN), t(VARIANCE)),
    ),
    "instance norm": (
        IMAGE,
        lambda x: mb.instance_norm(x=x, gamma=GAMMA, beta=BETA, epsilon=1e-2),
        lambda x: F.instance_norm(x, weight=t(GAMMA), bias=t(BETA), eps=1e-2),
    ),
    "layer norm": (
        IMAGE,
        lambda x: mb.layer_norm(x=x, axes=[2, 3], gamma=noise_of(9, 7), epsilon=1e-2),
        lambda x: F.layer_norm(x, (9, 7), t(noise_of(9, 7)), eps=1e-2),
    ),
    "layer norm over channels": (
        IMAGE,
        lambda x: mb.layer_norm(x=x, axes=[1], gamma=GAMMA, beta=BETA, epsilon=1e-2),
        lambda x: F.layer_norm(
            x.permute(0, 2, 3, 1), (4,), t(GAMMA), t(BETA), eps=1e-2
        ).permute(0, 3, 1, 2),
    ),
    "local response norm": (
        IMAGE,
        lambda x: mb.local_response_norm(x=x, size=3, alpha=0.1, beta=0.6, k=1.5),
        lambda x: F.local_response_norm(x, 3, alpha=0.1, beta=0.6, k=1.5),
    ),
    "linear": (
        LINE,
        lambda x: mb.linear(x=x, weight=noise_of(5, 11), bias=BIAS[:5]),
        lambda x: F.linear(x, t(noise_of(5, 11)), t(BIAS[:5])),
    ),
    "matmul with both sides turned": (
        IMAGE,
        lambda x: mb.matmul(x=x, y=noise_of(5, 9), transpose_x=True, transpose_y=True),
        lambda x: x.transpose(-1, -2) @ t(noise_of(5, 9)).T,
    ),
    "matmul with itself": (
        IMAGE,
        lambda x: mb.matmul(x=x, y=x, transpose_y=True),
        lambda x: x @ x.transpose(-1, -2),
    ),
    "einsum": (
        IMAGE,
        lambda x: mb.einsum(values=[x, mb.transpose(x=x, perm=[0, 3, 2, 1])],
                            equation="nchw,nwhu->nchu"),
        lambda x: torch.einsum("nchw,nwhu->nchu", x, x.permute(0, 3, 2, 1)),
    ),
    "nearest upsampling": (
        IMAGE,
        lambda x: mb.upsample_nearest_neighbor(
            x=x, scale_factor_height=2, scale_factor_width=3
        ),
        lambda x: F.interpolate(x, size=(18, 21), mode="nearest"),
    ),
    "nearest resizing": (
        IMAGE,
        lambda x: mb.resize_nearest_neighbor(x=x, target_size_height=13, target_size_width=5),
        lambda x: F.interpolate(x, size=(13, 5), mode="nearest"),
    ),
    "linear upsampling with aligned corners": (
        IMAGE,
        lambda x: mb.upsample_bilinear(
            x=x, scale_factor_height=2, scale_factor_width=3, align_corners=True
        ),
        lambda x: F.interpolate(x, size=(18, 21), mode="bilinear", align_corners=True),
    ),
    "linear upsampling with centred pixels": (
        IMAGE,
        lambda x: mb.upsample_bilinear(
            x=x, scale_factor_height=2, scale_factor_width=3, align_corners=False
        ),
        lambda x: F.interpolate(x, size=(18, 21), mode="bilinear", align_corners=False),
    ),
    "linear resizing with centred pixels": (
        IMAGE,
        lambda x: mb.resize_bilinear(
            x=x, target_size_height=12, target_size_width=5, sampling_mode="UNALIGN_CORNERS"
        ),
        lambda x: F.interpolate(x, size=(12, 5), mode="bilinear", align_corners=False),
    ),
    "linear resizing with aligned corners": (
        IMAGE,
        lambda x: mb.resize_bilinear(
            x=x, target_size_height=12, target_size_width=5,
            sampling_mode="STRICT_ALIGN_CORNERS",
        ),
        lambda x: F.interpolate(x, size=(12, 5), mode="bilinear", align_corners=True),
    ),
    "linear resizing from the corner": (
        IMAGE[:, :, :4, :2],
        lambda x: mb.resize_bilinear(
            x=x, target_size_height=4, target_size_width=4, sampling_mode="DEFAULT"
        ),
        # columns at 0, 0.5, 1 and 1.5, of which the last is cut to 1
        lambda x: torch.stack(
            [x[..., 0], (x[..., 0] + x[..., 1]) / 2, x[..., 1], x[..., 1]], dim=-1
        ),
    ),
}  # fmt: skip


def noise_of(*shape: int) -> np.ndarray:
    """Return the same noise at every call."""
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("case", CASES)
def test_a_layer_gives_what_pytorch_gives(case: str, tmp_path: Path) -> None:
    x, build, expected = CASES[case]
    (found,) = computed(tmp_path, build, x)
    wanted = expected(t(x)).numpy()
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_sampling_on_a_grid_gives_what_pytorch_gives(
    mode: str, *, aligned: bool, tmp_path: Path
) -> None:
    grid = (RNG.uniform(-1.2, 1.2, (1, 5, 6, 2))).astype(np.float32)
    (found,) = computed(
        tmp_path,
        lambda x0, x1: mb.resample(
            x=x0, coordinates=x1, sampling_mode=mode, padding_mode="constant", padding_value=0.0,
            coordinates_mode="normalized_minus_one_to_one", align_corners=aligned,
        ),
        IMAGE,
        grid,
    )  # fmt: skip
    wanted = F.grid_sample(t(IMAGE), t(grid), mode, "zeros", align_corners=aligned)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_a_transposed_kernel_is_told_from_the_right_one(tmp_path: Path) -> None:
    kernel = noise(6, 4, 3, 3)
    wrong = np.ascontiguousarray(kernel.transpose(0, 1, 3, 2))
    (found,) = computed(tmp_path, lambda x0: mb.conv(x=x0, weight=wrong), IMAGE)
    wanted = F.conv2d(t(IMAGE), t(kernel)).numpy()
    assert np.abs(found - wanted).max() > 0.5
