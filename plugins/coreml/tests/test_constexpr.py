"""Every form of compressed weight against coremltools' own decoder, or tables made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import UnsupportedError
from boildown_coreml.toolkit import ct, silently
from boildown_coreml.translator import constant_of, read_program, translate
from programs import IOS16, IOS18, mb, run, save

with silently():
    import coremltools.optimize.coreml as cto
    from coremltools.converters.mil.mil.types.type_mapping import string_to_nptype

RNG = np.random.default_rng(3)
X = RNG.standard_normal((1, 32, 6, 6)).astype(np.float32)
WEIGHT = RNG.standard_normal((32, 32, 3, 3)).astype(np.float16)


def network(path: Path, target: Any) -> Any:
    def build(x0: Any) -> Any:
        half = mb.cast(x=x0, dtype="fp16")
        return mb.cast(x=mb.conv(x=half, weight=WEIGHT, name="layer"), dtype="fp32")

    return ct.models.MLModel(str(save(path, build, X, target=target)), skip_model_load=True)


def quantize(model: Any, *, joint: bool = False, **settings: Any) -> Any:
    config = cto.OptimizationConfig(cto.OpLinearQuantizerConfig(weight_threshold=0, **settings))
    return cto.linear_quantize_weights(model, config, joint_compression=joint)


def palettize(model: Any, *, joint: bool = False, **settings: Any) -> Any:
    config = cto.OptimizationConfig(cto.OpPalettizerConfig(weight_threshold=0, **settings))
    return cto.palettize_weights(model, config, joint_compression=joint)


def prune(model: Any, *, joint: bool = False, **settings: Any) -> Any:
    config = cto.OptimizationConfig(cto.OpMagnitudePrunerConfig(weight_threshold=0, **settings))
    return cto.prune_weights(model, config, joint_compression=joint)


UNIFORM = {"mode": "uniform"}
SYMMETRIC = {"mode": "linear_symmetric"}
#: What is done one after the other, and what the last operator of the weight must be.
FORMS: dict[str, tuple[Any, str, list[tuple[Any, dict[str, Any]]]]] = {
    "int8 per channel, iOS 16": (IOS16, "affine_dequantize", [(quantize, SYMMETRIC)]),
    "uint8 with zero points, iOS 16": (
        IOS16, "affine_dequantize", [(quantize, {"mode": "linear", "dtype": "uint8"})],
    ),
    "int8 per tensor, iOS 16": (
        IOS16, "affine_dequantize", [(quantize, {**SYMMETRIC, "granularity": "per_tensor"})],
    ),
    **{
        f"palette of {bits} bits, iOS 16": (
            IOS16, "lut_to_dense", [(palettize, {**UNIFORM, "nbits": bits})],
        )
        for bits in (1, 2, 4, 6, 8)
    },
    "zeros left out, iOS 16": (IOS16, "sparse_to_dense", [(prune, {"target_sparsity": 0.6})]),
    "int8 per channel": (IOS18, "blockwise_shift_scale", [(quantize, SYMMETRIC)]),
    "int4 per block": (
        IOS18, "blockwise_shift_scale",
        [(quantize, {**SYMMETRIC, "dtype": "int4", "granularity": "per_block", "block_size": 8})],
    ),
    "uint4 with offsets per block": (
        IOS18, "blockwise_shift_scale",
        [(quantize,
          {"mode": "linear", "dtype": "uint4", "granularity": "per_block", "block_size": 16})],
    ),
    **{
        f"palette of {bits} bits": (
            IOS18, "lut_to_dense", [(palettize, {**UNIFORM, "nbits": bits})],
        )
        for bits in (1, 2, 3, 4, 6, 8)
    },
    "palettes of groups of channels": (
        IOS18, "lut_to_dense",
        [(palettize,
          {**UNIFORM, "nbits": 4, "granularity": "per_grouped_channel", "group_size": 8})],
    ),
    "palette and a scale per channel": (
        IOS18, "lut_to_dense",
        [(palettize, {**UNIFORM, "nbits": 4, "enable_per_channel_scale": True})],
    ),
    "palette of pairs": (
        IOS18, "lut_to_dense", [(palettize, {"mode": "kmeans", "nbits": 2, "cluster_dim": 2})],
    ),
    "n:m sparse": (IOS18, "sparse_to_dense", [(prune, {"n_m_ratio": (2, 4)})]),
    "sparse, then int8": (
        IOS18, "sparse_to_dense", [(prune, {"target_sparsity": 0.5}), (quantize, SYMMETRIC)],
    ),
    "sparse, then int4": (
        IOS18, "sparse_to_dense",
        [(prune, {"target_sparsity": 0.5}), (quantize, {**SYMMETRIC, "dtype": "int4"})],
    ),
    "sparse, then a palette": (
        IOS18, "sparse_to_dense",
        [(prune, {"target_sparsity": 0.5}), (palettize, {**UNIFORM, "nbits": 4})],
    ),
    "a palette, then int8 entries": (
        IOS18, "lut_to_dense",
        [(palettize, {**UNIFORM, "nbits": 4}),
         (quantize, {**SYMMETRIC, "granularity": "per_tensor"})],
    ),
    "sparse, a palette, then int8 entries": (
        IOS18, "sparse_to_dense",
        [(prune, {"target_sparsity": 0.5}), (palettize, {**UNIFORM, "nbits": 4}),
         (quantize, {**SYMMETRIC, "granularity": "per_tensor"})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_weight_is_decoded_as_coremltools_decodes_it(form: str, tmp_path: Path) -> None:
    target, last, steps = FORMS[form]
    with silently():
        model = network(tmp_path, target)
        for place, (step, settings) in enumerate(steps):
            model = step(model, joint=place > 0, **settings)
        saved, plain = tmp_path / "compressed.mlpackage", tmp_path / "plain.mlpackage"
        model.save(str(saved))
        cto.decompress_weights(model).save(str(plain))
    weights = [conv_of(read_program(package)).weight for package in (saved, plain)]
    assert weights[0].op.op_type == f"constexpr_{last}"
    assert weights[1].op.op_type == "const"
    decoded = constant_of(weights[0])
    assert decoded.dtype == np.float16
    np.testing.assert_array_equal(decoded, weights[1].val)
    np.testing.assert_array_equal(run(translate(saved), X)[0], run(translate(plain), X)[0])


def conv_of(function: Any) -> Any:
    return next(op for op in function.operations if op.op_type == "conv")


def test_no_form_decodes_to_the_weight_before_compression(tmp_path: Path) -> None:
    with silently():
        quantize(network(tmp_path, IOS18), **SYMMETRIC).save(str(tmp_path / "q.mlpackage"))
    decoded = constant_of(conv_of(read_program(tmp_path / "q.mlpackage")).weight)
    assert 0 < np.abs(decoded - WEIGHT).max() < 0.05


def code(values: Any, kind: str) -> np.ndarray:
    return np.array(values).astype(string_to_nptype(kind))


def decoded(path: Path, build: Any, target: Any = IOS18) -> np.ndarray:
    """Return what a constant of the saved program is, through an addition of zeros."""
    shape: list[int] = []

    def body(x0: Any) -> Any:
        made = build()
        shape[:] = made.shape
        return mb.mul(x=mb.reduce_sum(x=x0), y=made)

    package = save(path, body, np.ones((1,), np.float32), target=target)
    (found,) = run(translate(package), np.ones((1,), np.float32))
    return found.reshape(shape)


def test_the_sparse_palette_of_the_documentation_is_decoded(tmp_path: Path) -> None:
    mask = [[1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 1], [0, 1, 1, 0, 1, 0], [0, 0, 0, 1, 0, 0]]

    def build() -> Any:
        kept, values = mb.constexpr_lut_to_sparse(
            indices_mask=code(mask, "uint1"),
            indices_nonzero_data=code([0, 1, 1, 0, 1, 1, 0, 0, 1], "uint1"),
            lut=np.array([2.0, 3.0], np.float32).reshape(1, 1, 2, 1),
        )
        return mb.constexpr_sparse_to_dense(nonzero_data=values, mask=kept)

    wanted = [[2, 3, 0, 0, 0, 0], [3, 2, 0, 0, 0, 3], [0, 3, 2, 0, 2, 0], [0, 0, 0, 3, 0, 0]]
    np.testing.assert_array_equal(decoded(tmp_path, build), wanted)


def test_a_sparse_palette_of_vectors_lies_along_its_axis(tmp_path: Path) -> None:
    def build() -> Any:
        kept, values = mb.constexpr_lut_to_sparse(
            indices_mask=code([[1, 0, 1], [0, 1, 0]], "uint1"),
            indices_nonzero_data=code([0, 1, 1], "uint1"),
            lut=np.array([[2, 5], [3, 7]], np.float32).reshape(1, 1, 2, 2),
            vector_axis=np.int32(0),
        )
        return mb.constexpr_sparse_to_dense(nonzero_data=values, mask=kept)

    wanted = [[2, 0, 3], [5, 0, 7], [0, 3, 0], [0, 7, 0]]
    np.testing.assert_array_equal(decoded(tmp_path, build), wanted)


def test_a_palette_of_vectors_lies_along_its_axis(tmp_path: Path) -> None:
    def build() -> Any:
        return mb.constexpr_lut_to_dense(
            indices=code([[1, 0], [0, 1]], "uint1"),
            lut=np.array([[2, 5], [3, 7]], np.float32).reshape(1, 1, 2, 2),
            vector_axis=np.int32(1),
        )

    np.testing.assert_array_equal(decoded(tmp_path, build), [[3, 7, 2, 5], [2, 5, 3, 7]])


def test_each_group_of_rows_has_its_own_palette(tmp_path: Path) -> None:
    def build() -> Any:
        return mb.constexpr_lut_to_dense(
            indices=code([[1, 0], [0, 1], [0, 1], [1, 1]], "uint1"),
            lut=np.array([[2, 3], [20, 30]], np.float32).reshape(2, 1, 2, 1),
        )

    np.testing.assert_array_equal(decoded(tmp_path, build), [[3, 2], [2, 3], [20, 30], [30, 30]])


def test_a_sparse_scale_leaves_zeros_alone(tmp_path: Path) -> None:
    def build() -> Any:
        kept, values = mb.constexpr_sparse_blockwise_shift_scale(
            data_mask=code([[1, 1, 0], [0, 1, 1]], "uint1"),
            nonzero_data=np.array([10, 11, 9, 8], np.int8),
            scale=np.array([[0.5], [2]], np.float32),
            offset=np.array([[1], [2]], np.int8),
        )
        return mb.constexpr_sparse_to_dense(nonzero_data=values, mask=kept)

    np.testing.assert_array_equal(decoded(tmp_path, build), [[4.5, 5, 0], [0, 14, 12]])


def test_blocks_on_two_axes_share_a_scale_and_an_offset(tmp_path: Path) -> None:
    def build() -> Any:
        return mb.constexpr_blockwise_shift_scale(
            data=np.arange(8, dtype=np.int8).reshape(2, 4),
            scale=np.array([[1, 2], [3, 4]], np.float32),
            offset=np.array([[0, 1], [2, 3]], np.int8),
        )

    wanted = [[0, 1, 2, 4], [6, 9, 12, 16]]
    np.testing.assert_array_equal(decoded(tmp_path, build), wanted)


def test_a_cast_constant_is_widened(tmp_path: Path) -> None:
    half = np.array([0.1, 2], np.float16)
    found = decoded(
        tmp_path, lambda: mb.constexpr_cast(source_val=half, output_dtype="fp32"), IOS16
    )
    np.testing.assert_array_equal(found, half.astype(np.float32))


def test_indices_of_three_bits_may_straddle_bytes() -> None:
    from boildown_coreml.translator.packing import unpack

    # 5, 3, 6, 1 least bit first: 101 110 011 100 read from the least bit of each byte
    stored = np.array([0b10011101, 0b00000011], np.uint8)
    np.testing.assert_array_equal(unpack(stored, 3, 4), [5, 3, 6, 1])


def test_a_network_is_no_ml_program(tmp_path: Path) -> None:
    with silently():
        program = mb.program(input_specs=[mb.TensorSpec(shape=(1, 4))])(lambda x: mb.relu(x=x))
        model = ct.convert(program, convert_to="neuralnetwork")
        model.save(str(tmp_path / "n.mlmodel"))
    with pytest.raises(UnsupportedError, match="neuralNetwork"):
        translate(tmp_path / "n.mlmodel")
