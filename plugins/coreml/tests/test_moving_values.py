"""Reductions, shapes, slices and indices against NumPy and PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import UnsupportedError
from programs import IOS15, IOS16, IOS17, computed, mb

RNG = np.random.default_rng(2)
X = RNG.permutation(np.arange(1, 121)).reshape(2, 3, 4, 5).astype(np.float32) / 10
IMAGE = RNG.standard_normal((1, 8, 4, 6)).astype(np.float32)
PLACES = np.array([[2, 0], [1, 1]], np.int32)

CASES: dict[str, tuple[np.ndarray, Any, Any]] = {
    "reduce_mean": (
        X, lambda x: mb.reduce_mean(x=x, axes=[1, -1]), lambda x: x.mean((1, 3)),
    ),
    "reduce_sum over all": (X, lambda x: mb.reduce_sum(x=x), lambda x: x.sum()),
    "reduce_max": (
        X, lambda x: mb.reduce_max(x=x, axes=[2], keep_dims=True),
        lambda x: x.max(2, keepdims=True),
    ),
    "reduce_min": (X, lambda x: mb.reduce_min(x=x, axes=[0]), lambda x: x.min(0)),
    "reduce_prod": (X, lambda x: mb.reduce_prod(x=x, axes=[3]), lambda x: x.prod(3)),
    "reduce_l1_norm": (
        -X, lambda x: mb.reduce_l1_norm(x=x, axes=[3]), lambda x: np.abs(x).sum(3),
    ),
    "reduce_l2_norm": (
        X, lambda x: mb.reduce_l2_norm(x=x, axes=[3]), lambda x: np.sqrt((x * x).sum(3)),
    ),
    "reduce_log_sum": (
        X, lambda x: mb.reduce_log_sum(x=x, axes=[3]), lambda x: np.log(x.sum(3)),
    ),
    "reduce_log_sum_exp": (
        X, lambda x: mb.reduce_log_sum_exp(x=x, axes=[3]), lambda x: np.log(np.exp(x).sum(3)),
    ),
    "reduce_sum_square": (
        X, lambda x: mb.reduce_sum_square(x=x, axes=[3]), lambda x: (x * x).sum(3),
    ),
    "reduce_argmax": (
        X, lambda x: mb.reduce_argmax(x=x, axis=1), lambda x: x.argmax(1),
    ),
    "reduce_argmin": (
        X, lambda x: mb.reduce_argmin(x=x, axis=-1, keep_dims=True),
        lambda x: x.argmin(-1)[..., None],
    ),
    "topk": (
        X, lambda x: mb.topk(x=x, k=2, axis=3)[0], lambda x: np.flip(np.sort(x, 3), 3)[..., :2],
    ),
    "places of the smallest": (
        X, lambda x: mb.topk(x=x, k=2, axis=2, ascending=True)[1],
        lambda x: np.argsort(x, 2)[:, :, :2],
    ),
    "reshape": (
        X, lambda x: mb.reshape(x=x, shape=[2, -1, 10]), lambda x: x.reshape(2, 6, 10),
    ),
    "flatten2d": (X, lambda x: mb.flatten2d(x=x, axis=2), lambda x: x.reshape(6, 20)),
    "transpose": (
        X, lambda x: mb.transpose(x=x, perm=[0, -1, 1, 2]), lambda x: x.transpose(0, 3, 1, 2),
    ),
    "squeeze": (X[:1, :, :1], lambda x: mb.squeeze(x=x, axes=[-2]), lambda x: x[:, :, 0]),
    "squeeze of all": (X[:1, :, :1], lambda x: mb.squeeze(x=x), lambda x: x[0, :, 0]),
    "expand_dims": (
        X[0], lambda x: mb.expand_dims(x=x, axes=[0, -1]), lambda x: x[None, ..., None],
    ),
    "concat": (
        X, lambda x: mb.concat(values=[x, mb.relu(x=x), X[:, :1]], axis=1),
        lambda x: np.concatenate([x, np.maximum(x, 0), X[:, :1]], 1),
    ),
    "stack": (
        X, lambda x: mb.stack(values=[x, mb.square(x=x)], axis=2),
        lambda x: np.stack([x, x * x], 2),
    ),
    "split evenly": (
        X, lambda x: mb.split(x=x, num_splits=2, axis=2)[1], lambda x: x[:, :, 2:],
    ),
    "split by sizes": (
        X, lambda x: mb.split(x=x, split_sizes=[1, 3, 1], axis=3)[1], lambda x: x[..., 1:4],
    ),
    "tile": (X, lambda x: mb.tile(x=x, reps=[1, 2, 1, 3]), lambda x: np.tile(x, (1, 2, 1, 3))),
    "pad with a constant": (
        X, lambda x: mb.pad(x=x, pad=[1, 0, 2, 3], constant_val=0.5),
        lambda x: np.pad(x, ((0, 0), (0, 0), (1, 0), (2, 3)), constant_values=0.5),
    ),
    "pad by reflection": (
        X, lambda x: mb.pad(x=x, pad=[1, 0, 2, 3], mode="reflect"),
        lambda x: np.pad(x, ((0, 0), (0, 0), (1, 0), (2, 3)), "reflect"),
    ),
    "pad by repetition": (
        X, lambda x: mb.pad(x=x, pad=[1, 0, 2, 3], mode="replicate"),
        lambda x: np.pad(x, ((0, 0), (0, 0), (1, 0), (2, 3)), "edge"),
    ),
    "reverse": (X, lambda x: mb.reverse(x=x, axes=[1, 3]), lambda x: np.flip(x, (1, 3))),
    "slice_by_index": (
        X,
        lambda x: mb.slice_by_index(
            x=x, begin=[0, 2, -1, 1], end=[0, 0, -4, 5], stride=[1, -1, -1, 2],
            begin_mask=[True, False, False, False], end_mask=[True, False, False, False],
        ),
        lambda x: x[:, 2:0:-1, -1:-4:-1, 1:5:2],
    ),
    "slice_by_index to the beginning": (
        X,
        lambda x: mb.slice_by_index(
            x=x, begin=[0, 0, 0, 0], end=[0, 0, 0, 0], stride=[1, 1, 1, -2],
            begin_mask=[True] * 4, end_mask=[True] * 4,
        ),
        lambda x: x[..., ::-2],
    ),
    "slice_by_index of one place": (
        X,
        lambda x: mb.slice_by_index(
            x=x, begin=[0, -1, 0, 1], end=[0, 0, 3, 0], begin_mask=[True, False, False, False],
            end_mask=[True, False, False, False], squeeze_mask=[False, True, False, True],
        ),
        lambda x: x[:, -1, :3, 1],
    ),
    "slice_by_size": (
        X, lambda x: mb.slice_by_size(x=x, begin=[0, 1, -3, 2], size=[2, 2, 2, -1]),
        lambda x: x[:, 1:3, 1:3, 2:],
    ),
    "crop": (
        IMAGE, lambda x: mb.crop(x=x, crop_height=[1, 0], crop_width=[2, 1]),
        lambda x: x[:, :, 1:, 2:-1],
    ),
    "gather": (
        X, lambda x: mb.gather(x=x, indices=PLACES, axis=1), lambda x: x[:, PLACES],
    ),
    "gather from the end": (
        X, lambda x: mb.gather(x=x, indices=np.array([-1, 0], np.int32), axis=3),
        lambda x: x[..., [-1, 0]],
    ),
    "gather_along_axis": (
        X[0, 0], lambda x: mb.gather_along_axis(x=x, indices=np.zeros((4, 2), np.int32), axis=1),
        lambda x: x[:, [0, 0]],
    ),
    "gather_nd": (
        X, lambda x: mb.gather_nd(x=x, indices=np.array([[1, 2], [0, 1]], np.int32)),
        lambda x: x[[1, 0], [2, 1]],
    ),
    "scatter_nd": (
        X,
        lambda x: mb.scatter_nd(
            data=x, indices=np.array([[1, 2]], np.int32), updates=X[:1, 0], mode="add"
        ),
        lambda x: x + np.where(np.arange(6).reshape(2, 3, 1, 1) == 5, X[:1, :1], 0),
    ),
    "scatter_along_axis": (
        X[0, 0],
        lambda x: mb.scatter_along_axis(
            data=x, indices=np.ones((4, 1), np.int32), updates=np.full((4, 1), 9, np.float32),
            axis=1, mode="update",
        ),
        lambda x: np.where(np.arange(5) == 1, 9, x),
    ),
    "space_to_depth": (
        IMAGE, lambda x: mb.space_to_depth(x=x, block_size=2),
        lambda x: x.reshape(1, 8, 2, 2, 3, 2).transpose(0, 3, 5, 1, 2, 4).reshape(1, 32, 2, 3),
    ),
    "depth_to_space": (
        IMAGE, lambda x: mb.depth_to_space(x=x, block_size=2),
        lambda x: x.reshape(1, 2, 2, 2, 4, 6).transpose(0, 3, 4, 1, 5, 2).reshape(1, 2, 8, 12),
    ),
    "pixel_shuffle": (
        IMAGE, lambda x: mb.pixel_shuffle(x=x, upscale_factor=2),
        lambda x: torch.pixel_shuffle(torch.from_numpy(x), 2).numpy(),
    ),
    "fill": (
        X, lambda x: mb.add(x=x, y=mb.fill(shape=[4, 5], value=2.0)), lambda x: x + 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_values_go_where_numpy_puts_them(case: str, tmp_path: Path) -> None:
    x, build, expected = CASES[case]
    (found,) = computed(tmp_path, build, x)
    wanted = np.asarray(expected(x))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", [IOS15, IOS17])
def test_indices_may_be_computed(target: Any, tmp_path: Path) -> None:
    (found,) = computed(
        tmp_path, lambda x0, x1: mb.gather(x=x0, indices=x1, axis=2), X, PLACES, target=target
    )
    np.testing.assert_array_equal(found, X[:, :, PLACES])


def test_a_code_becomes_a_row_of_a_one_hot_table(tmp_path: Path) -> None:
    (found,) = computed(
        tmp_path,
        lambda x0: mb.one_hot(indices=x0, one_hot_vector_size=4, on_value=2.0, off_value=-1.0),
        PLACES,
    )
    np.testing.assert_array_equal(found, np.where(np.eye(4, dtype=bool)[PLACES], 2, -1))


def test_pixels_are_gathered_into_channels(tmp_path: Path) -> None:
    (found,) = computed(
        tmp_path,
        lambda x0: mb.pixel_unshuffle(x=x0, downscale_factor=np.uint32(2)),
        IMAGE,
        target=IOS16,
    )
    wanted = torch.pixel_unshuffle(torch.from_numpy(IMAGE), 2).numpy()
    np.testing.assert_array_equal(found, wanted)


def test_an_interleaved_joint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="interleaved"):
        computed(tmp_path, lambda x0: mb.concat(values=[x0, x0], axis=1, interleave=True), X)
