"""Every form in which ONNX Runtime's own quantizers store weights is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import ModelError, onnx_layer_states, source_layers
from boildown.model.decoding import decode_layers
from boildown.model.layers import Layer
from onnx import helper, numpy_helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
Normal = Callable[..., np.ndarray]


class Reader:
    """Three seeded batches for a calibration."""

    def __init__(self, name: str, shape: tuple[int, ...], kind: type = np.float32) -> None:
        rng = np.random.default_rng(0)
        batches = [rng.uniform(0, 3, size=shape).astype(kind) for _ in range(3)]
        self.rest: Iterator[dict[str, np.ndarray]] = iter([{name: batch} for batch in batches])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.rest, None)


def quantized(path: Path, how: str, **settings: Any) -> Path:
    from onnxruntime import quantization as q

    target = path.with_name(f"{how}.onnx")
    if how == "dynamic":
        q.quantize_dynamic(path, target, **settings)
        return target
    model = onnx.load(path).graph.input[0]
    kind = np.float32 if model.type.tensor_type.elem_type == 1 else np.int64
    shape = tuple(item.dim_value or 2 for item in model.type.tensor_type.shape.dim)
    form = q.QuantFormat.QOperator if how == "qoperator" else q.QuantFormat.QDQ
    reader = Reader(model.name, shape, kind)
    q.quantize_static(path, target, reader, quant_format=form, **settings)
    return target


def assert_near(path: Path, source: Path, names: list[str], steps: float) -> None:
    """Every decoded weight lies within half a quantization step of the source's."""
    layers = [layer for layer in source_layers(source) if layer.name in names]
    assert [layer.name for layer in layers] == names
    pairs = zip(decode_layers(source, layers), decode_layers(path, layers), strict=True)
    for before, after in pairs:
        assert after.values.shape == before.values.shape
        step = np.ptp(before.values) / steps
        assert (
            0
            < np.abs(after.values - before.values).max()
            <= 0.51 * max(step, 2 * np.abs(before.values).max() / steps)
        )


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("how", ["qdq", "qoperator", "dynamic"])
def test_int8_weights_of_every_format_are_within_half_a_step(
    tiny: onnx.ModelProto, save: Save, how: str, *, per_channel: bool
) -> None:
    source = save(tiny)
    path = quantized(source, how, per_channel=per_channel and how == "qdq")
    assert_near(path, source, ["conv", "fc", "mm"], 254)
    states = onnx_layer_states(path, source_layers(source))
    assert [state.bits for state in states] == [8, 8, 8]
    assert [state.shape for state in states] == [(8, 3, 3, 3), (10, 8), (10, 4)]


def test_int4_weights_take_half_a_byte_each(tiny: onnx.ModelProto, save: Save) -> None:
    from onnxruntime.quantization import QuantType

    source = save(tiny)
    path = quantized(source, "qdq", weight_type=QuantType.QInt4)
    assert_near(path, source, ["conv", "fc", "mm"], 14)
    (state, *_rest) = onnx_layer_states(path, source_layers(source))
    # 108 bytes of codes, a float32 scale and a 4-bit zero point.
    assert (state.bits, state.payload_bytes) == (4, 216 // 2 + 4 + 1)


@pytest.mark.parametrize("form", ["QOperator", "QDQ"])
@pytest.mark.parametrize(("bits", "steps"), [(4, 14), (8, 254)])
@pytest.mark.parametrize("symmetric", [False, True])
def test_blockwise_matmul_weights_are_decoded(
    build: Build, normal: Normal, save: Save, *, form: str, bits: int, steps: int, symmetric: bool
) -> None:
    if (form, bits) == ("QDQ", 8):
        pytest.skip("onnxruntime writes no 8-bit blocks as QDQ")
    from onnxruntime.quantization import QuantFormat
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    node = helper.make_node("MatMul", ["x", "w"], ["y"], "mm")
    source = save(build([node], {"w": normal(40, 6)}, ("N", 40), ("N", 6)))
    config = DefaultWeightOnlyQuantConfig(
        block_size=16, is_symmetric=symmetric, bits=bits, quant_format=QuantFormat[form]
    )
    quantizer = MatMulNBitsQuantizer(onnx.load(source), algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(str(source.with_name("nbits.onnx")))
    # A block holds only its own range, so half a step of the whole range is a loose bound.
    assert_near(source.with_name("nbits.onnx"), source, ["mm"], steps)
    (state,) = onnx_layer_states(source.with_name("nbits.onnx"), source_layers(source))
    assert (state.bits, state.shape) == (bits, (40, 6))


@pytest.fixture
def words(build: Build, normal: Normal, save: Save) -> Path:
    """An embedding and an LSTM."""
    nodes = [
        helper.make_node("Gather", ["emb", "x"], ["e"], "emb"),
        helper.make_node("LSTM", ["e", "W", "R"], ["y"], "lstm", hidden_size=8),
    ]
    tensors = {"emb": normal(20, 16), "W": normal(1, 32, 16), "R": normal(1, 32, 8)}
    return save(build(nodes, tensors, (5, 1), (5, 1, 1, 8), kind=7))


def test_a_dynamic_lstm_and_embedding_are_decoded_in_the_sources_orientation(words: Path) -> None:
    path = quantized(words, "dynamic")
    assert_near(path, words, ["emb", "lstm.W", "lstm.R"], 254)


@pytest.mark.parametrize("how", ["qdq", "qoperator"])
def test_a_static_embedding_is_decoded_and_the_float_lstm_stays(words: Path, how: str) -> None:
    path = quantized(words, how)
    assert_near(path, words, ["emb"], 254)
    bits = {state.layer: state.bits for state in onnx_layer_states(path, source_layers(words))}
    assert bits == {"emb": 8, "lstm.W": 32, "lstm.R": 32}


def test_a_blockwise_embedding_is_decoded(words: Path) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        onnx.load(words), block_size=16, is_symmetric=False, op_types_to_quantize=("Gather",)
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(words.with_name("blocks.onnx")))
    assert_near(words.with_name("blocks.onnx"), words, ["emb"], 14)


@pytest.mark.parametrize("how", ["dynamic", "qdq"])
def test_files_that_onnxruntime_optimised_are_decoded_under_the_weights_names(
    tiny: onnx.ModelProto, save: Save, how: str
) -> None:
    import onnxruntime

    source = save(tiny)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(source.with_name("optimized.onnx"))
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3
    onnxruntime.InferenceSession(
        quantized(source, how), options, providers=["CPUExecutionProvider"]
    )
    assert_near(source.with_name("optimized.onnx"), source, ["mm"], 254)


def test_the_source_itself_is_all_float32(tiny: onnx.ModelProto, save: Save) -> None:
    path = save(tiny)
    states = onnx_layer_states(path, source_layers(tiny))
    assert [(state.bits, state.payload_bytes) for state in states] == [
        (32, 216 * 4),
        (32, 80 * 4),
        (32, 40 * 4),
    ]


def test_every_missing_layer_is_named_with_the_nearest_node(
    tiny: onnx.ModelProto, save: Save
) -> None:
    layers = source_layers(tiny)
    for node in tiny.graph.node:
        node.name = f"other/{node.name}"
    for tensor in tiny.graph.initializer:
        tensor.name = f"t{tensor.name}"
    for node in tiny.graph.node:
        node.input[1:] = [f"t{name}" for name in node.input[1:]]
    with pytest.raises(ModelError) as caught:
        onnx_layer_states(save(tiny), layers)
    text = str(caught.value)
    assert all(f"layer {name!r}: no node" in text for name in ("conv", "fc", "mm"))
    assert "the nearest node is 'other/conv'" in text


def test_a_renamed_node_is_found_by_its_weight(tiny: onnx.ModelProto, save: Save) -> None:
    layers = source_layers(tiny)
    tiny.graph.node[0].name = "fused"
    (state, *_rest) = onnx_layer_states(save(tiny), layers)
    assert state.layer == "conv"


def test_a_node_whose_name_only_begins_alike_is_not_the_layer(
    build: Build, normal: Normal, save: Save
) -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "fc_out")
    path = save(build([node], {"w": normal(8, 4)}, ("N", 8)))
    wanted = Layer(name="fc", node="fc", op="MatMul", weight="v", shape=(8, 4), axis=1)
    with pytest.raises(ModelError, match="no node 'fc'"):
        onnx_layer_states(path, [wanted])


def test_a_weight_that_is_computed_at_run_time_is_an_error(
    build: Build, save: Save, normal: Normal
) -> None:
    node = helper.make_node("MatMul", ["x", "x"], ["y"], "mm")
    path = save(build([node], {}, (4, 4), (4, 4)))
    wanted = Layer(name="mm", node="mm", op="MatMul", weight="w", shape=(4, 4), axis=1)
    with pytest.raises(ModelError, match=r"layer 'mm'.*no weight that can be computed"):
        onnx_layer_states(path, [wanted])


def test_a_scale_that_is_not_constant_is_an_error(tiny: onnx.ModelProto, save: Save) -> None:
    source = save(tiny)
    model = onnx.load(quantized(source, "dynamic"))
    for node in model.graph.node:
        if node.op_type == "Mul":
            node.op_type = "Add"
    path = save(model, "broken.onnx")
    with pytest.raises(ModelError, match=r"the scale of node 'conv_quant' \(ConvInteger\)"):
        onnx_layer_states(path, source_layers(source))


def test_a_wrong_shape_inside_the_file_is_a_model_error(tiny: onnx.ModelProto, save: Save) -> None:
    source = save(tiny)
    model = onnx.load(quantized(source, "qoperator"))
    scale = next(item for item in model.graph.initializer if item.name == "mm_scale")
    scale.CopyFrom(numpy_helper.from_array(np.ones((3, 7), np.float32), "mm_scale"))
    with pytest.raises(ModelError, match="layer 'mm': its weight cannot be computed"):
        onnx_layer_states(save(model, "broken.onnx", check=False), source_layers(source))
