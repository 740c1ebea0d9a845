"""An imported model is trained, pruned, quantized and saved, and its numbers are written back."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import UnsupportedError, hushed
from boildown.testing.graphs import GRAPHS
from boildown_tflite.importer import Imported, import_onnx, write_back
from boildown_tflite.keras import tf, tf_keras
from keras_parity import (
    RELATIVE,
    apart,
    by_keras,
    by_onnx_runtime,
    by_tflite,
    chain,
    graph_of,
    normalized,
    outer,
)
from onnx import helper, numpy_helper

# What TF Model Optimization and TensorFlow's converter say of themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore:distutils:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs:UserWarning"),
]
N = helper.make_node
_DRAW = np.random.default_rng(0)


def real(*shape: int) -> np.ndarray:
    return _DRAW.normal(size=shape).astype(np.float32)


IMAGES = real(4, 3, 12, 12)


def numbers(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def convolutions(*, pool: bool = True) -> onnx.ModelProto:
    """Conv, ReLU, pool with pads, Conv, ReLU, mean, Gemm."""
    nodes = [
        N("Conv", ["x", "w1", "b1"], ["a"], name="first", pads=[1] * 4),
        N("Relu", ["a"], ["b"], name="relu1"),
        N("MaxPool", ["a" if pool else "b"], ["c"], name="pool", kernel_shape=[3, 3],
          strides=[2, 2], pads=[1] * 4),
        N("Conv", ["c", "w2"], ["d"], name="second"),
        N("Relu", ["d"], ["e"], name="relu2"),
        N("GlobalAveragePool", ["e"], ["f"], name="mean"),
        N("Flatten", ["f"], ["g"], name="flat"),
        N("Gemm", ["g", "w3", "b3"], ["y"], name="head", transB=1),
    ]  # fmt: skip
    constants = {
        "w1": real(8, 3, 3, 3), "b1": real(8), "w2": real(8, 8, 3, 3), "w3": real(4, 8),
        "b3": real(4),
    }  # fmt: skip
    return chain([node for node in nodes if not (pool and node.name == "relu1")],
                 ["N", 3, 12, 12], constants)  # fmt: skip


TRAINED = {
    "depthwise": GRAPHS["depthwise"],
    "batch norm": GRAPHS["batch_norm"],
    "prelu": lambda: graph_of("PRelu", [IMAGES], {1: real(3, 1, 1)}),
    "layer scale": lambda: graph_of("Mul", [IMAGES], {0: real(3, 1, 1)}),
    "gemm": lambda: graph_of("Gemm", [real(2, 5)], {1: real(5, 4), 2: real(1, 4)}),
    "scaled gemm": lambda: graph_of("Gemm", [real(2, 5)], {1: real(4, 5), 2: real(4)}, alpha=0.3,
                                    beta=0.7, transB=1),
    "transposed": lambda: graph_of("ConvTranspose", [IMAGES], {1: real(3, 5, 2, 2), 2: real(5)}),
    "groups": lambda: graph_of("GroupNormalization", [IMAGES], {1: real(3), 2: real(3)},
                               num_groups=1, opset=21),
    "table": lambda: graph_of("Gather", [np.zeros((3, 1), np.int64)], {0: real(5, 4)}),
    "left": lambda: graph_of("MatMul", [real(2, 4, 6)], {0: real(3, 4)}),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAINED)
def test_trained_numbers_are_written_back(name: str) -> None:
    model = normalized(TRAINED[name]())
    imported = import_onnx(model)
    assert write_back(model, imported).graph.initializer == model.graph.initializer
    for variable in imported.model.trainable_variables:
        variable.assign(variable * 1.25 + 0.1)
    changed = write_back(model, imported)
    inputs = [
        real(2, *(dim.dim_value for dim in item.type.tensor_type.shape.dim[1:]))
        if item.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        else np.array([[1], [2]])
        for item in model.graph.input
    ]
    assert apart(by_keras(imported, inputs), by_onnx_runtime(changed, inputs)) <= RELATIVE
    assert apart(by_keras(imported, inputs), by_onnx_runtime(model, inputs)) > RELATIVE


def test_all_weights_of_layers_can_be_trained_and_have_a_place_in_the_source() -> None:
    imported = import_onnx(convolutions())
    assert len(imported.kept) == len(imported.model.trainable_variables) == 5
    assert {kept.initializer for kept in imported.kept} == {"w1", "b1", "w2", "w3", "b3"}


def test_training_moves_the_statistics_of_batch_norms_and_they_are_written_back() -> None:
    model = normalized(GRAPHS["batch_norm"]())
    imported = import_onnx(model)
    imported.model(tf.constant(outer(IMAGES)), training=True)
    before, after = numbers(model), numbers(write_back(model, imported))
    moved = [name for name in before if not np.array_equal(before[name], after[name])]
    assert len(moved) == 4


def test_one_tensor_that_has_become_two_is_refused() -> None:
    nodes = [
        N("Conv", ["x", "w"], ["a"], name="one", pads=[1] * 4),
        N("Conv", ["a", "w"], ["y"], name="two", pads=[1] * 4),
    ]
    model = chain(nodes, ["N", 3, 12, 12], {"w": real(3, 3, 3, 3)})
    imported = import_onnx(model)
    write_back(model, imported)
    imported.model.get_layer("two").kernel.assign_add(tf.ones((3, 3, 3, 3)))
    with pytest.raises(UnsupportedError, match="serves several nodes"):
        write_back(model, imported)


def test_layers_bear_the_names_of_nodes() -> None:
    model = convolutions()
    imported, nodes = import_onnx(model), {node.name: node.op_type for node in model.graph.node}
    kinds = {name: type(imported.model.get_layer(name)).__name__ for name in imported.layers}
    assert {nodes[node]: kinds[name] for name, node in imported.layers.items()} == {
        "Conv": "Conv2D", "MaxPool": "MaxPooling2D", "Relu": "ReLU", "Gemm": "Dense",
        "GlobalAveragePool": "GlobalAveragePooling2D", "Flatten": "Reshape",
    }  # fmt: skip
    assert imported.layers["second"] == "second"


def test_inputs_and_outputs_of_rank_4_are_channels_last() -> None:
    nodes = [N("Relu", ["x"], ["y"], name="relu"), N("Flatten", ["y"], ["z"], name="flat")]
    imported = import_onnx(chain(nodes, ["N", 3, 12, 8], outputs=("y", "z")))
    assert imported.model.input_shape == (None, 12, 8, 3)
    assert imported.model.output_shape == [(None, 12, 8, 3), (None, 288)]
    assert (imported.turned_inputs, imported.turned_outputs) == (("x",), ("y",))


def test_a_model_is_cloned_and_saved_with_all_its_operations(tmp_path: Path) -> None:
    nodes = [
        N("HardSwish", ["x"], ["a"], name="swish"),
        N("Mul", ["a", "scale"], ["b"], name="scale"),
        N("Transpose", ["b"], ["y"], name="turn", perm=[0, 3, 2, 1]),
    ]
    imported = import_onnx(chain(nodes, ["N", 3, 12, 12], {"scale": real(3, 1, 1)}))
    clone = tf_keras.models.clone_model(imported.model)
    clone.set_weights(imported.model.get_weights())
    imported.model.save(tmp_path / "model.keras")
    saved = tf_keras.models.load_model(tmp_path / "model.keras")
    wanted = by_keras(imported, [IMAGES])
    for other in (clone, saved):
        found = by_keras(dataclasses.replace(imported, model=other), [IMAGES])
        assert np.array_equal(found[0], wanted[0])


def mot() -> Any:
    import tensorflow_model_optimization as tfmot

    return tfmot


def fitted(model: Any, *callbacks: Any) -> None:
    model.compile("sgd", tf_keras.losses.MeanSquaredError())
    model.optimizer.learning_rate = 1e-3
    model.fit(outer(IMAGES), real(4, 4), epochs=2, verbose=0, callbacks=list(callbacks))


def test_a_pruned_model_is_written_back() -> None:
    sparsity = mot().sparsity.keras
    model = convolutions()
    imported = import_onnx(model)
    schedule = sparsity.ConstantSparsity(0.5, 0, frequency=1)
    pruned = sparsity.prune_low_magnitude(imported.model, pruning_schedule=schedule)
    fitted(pruned, sparsity.UpdatePruningStep())
    stripped = dataclasses.replace(imported, model=sparsity.strip_pruning(pruned))
    back = write_back(model, stripped)
    assert all(np.mean(numbers(back)[name] == 0) >= 0.5 for name in ("w1", "w2", "w3"))
    assert apart(by_keras(stripped, [IMAGES]), by_onnx_runtime(back, [IMAGES])) <= RELATIVE


def gated() -> onnx.ModelProto:
    """Conv, hard swish, squeeze and excite, a scale for each channel, Conv, Gemm."""
    nodes = [
        N("Conv", ["x", "w1"], ["a"], name="first", pads=[1] * 4),
        N("HardSwish", ["a"], ["b"], name="swish"),
        N("GlobalAveragePool", ["b"], ["c"], name="mean"),
        N("Conv", ["c", "w2"], ["d"], name="gate"),
        N("HardSigmoid", ["d"], ["e"], name="open", alpha=1 / 6),
        N("Mul", ["b", "e"], ["f"], name="excite"),
        N("Mul", ["f", "scale"], ["g"], name="scale"),
        N("Flatten", ["g"], ["h"], name="flat"),
        N("Gemm", ["h", "w3"], ["y"], name="head"),
    ]
    constants = {
        "w1": real(8, 3, 3, 3), "w2": real(8, 8, 1, 1), "scale": real(8, 1, 1),
        "w3": real(1152, 4),
    }  # fmt: skip
    return chain(nodes, ["N", 3, 12, 12], constants)


def test_operations_that_keras_lacks_stay_while_the_layers_around_are_wrapped() -> None:
    model = gated()
    imported, quantization = import_onnx(model), mot().quantization.keras

    def annotated(layer: Any) -> Any:
        wrapped = isinstance(layer, (tf_keras.layers.Conv2D, tf_keras.layers.Dense))
        return quantization.quantize_annotate_layer(layer) if wrapped else layer

    clone = tf_keras.models.clone_model(imported.model, clone_function=annotated)
    with hushed(), quantization.quantize_scope():
        trained = quantization.quantize_apply(clone)
    # Ranges that no batch has set yet let no gradient through.
    trained(outer(IMAGES), training=True)
    before = trained.get_layer("scale").constant_1.numpy().copy()
    fitted(trained)
    assert not np.array_equal(trained.get_layer("scale").constant_1.numpy(), before)


def _quantized(imported: Imported) -> Any:
    with hushed():
        return mot().quantization.keras.quantize_model(imported.model)


def test_quantization_aware_training_takes_a_pool_with_pads_behind_negative_numbers() -> None:
    fitted(_quantized(import_onnx(convolutions())))


def test_a_pool_with_pads_keeps_its_range_in_int8() -> None:
    model = graph_of("MaxPool", [IMAGES], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    imported = import_onnx(normalized(model))
    images = outer(IMAGES - 5)
    converter = tf.lite.TFLiteConverter.from_keras_model(imported.model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with hushed():
        data = converter.convert()
    found, wanted = by_tflite(data, [IMAGES - 5])[0], by_onnx_runtime(model, [IMAGES - 5])[0]
    assert np.abs(found - wanted).max() < np.ptp(images) / 127


def test_batch_norms_behind_convolutions_change_nothing() -> None:
    model = convolutions(pool=False)
    plain, normed = (import_onnx(model, batch_norms_after=on) for on in (False, True))
    added = [
        layer
        for layer in normed.model.layers
        if isinstance(layer, tf_keras.layers.BatchNormalization)
    ]
    assert len(added) == 2
    assert not any(layer.trainable for layer in added)
    assert normed.layers == plain.layers
    assert apart(by_keras(normed, [IMAGES]), by_keras(plain, [IMAGES])) <= 1e-7


@pytest.mark.parametrize(("batch_norms", "kept"), [(True, True), (False, False)])
def test_batch_norms_let_pruned_weights_stay_zero_while_ranges_are_learned(
    *, batch_norms: bool, kept: bool
) -> None:
    tfmot = mot()
    quantization, schemes = tfmot.quantization.keras, tfmot.experimental.combine
    model = convolutions(pool=False)
    for name in ("w1", "w2"):
        tensor = next(t for t in model.graph.initializer if t.name == name)
        values = numpy_helper.to_array(tensor).copy()
        values[np.abs(values) < np.median(np.abs(values))] = 0
        tensor.CopyFrom(numpy_helper.from_array(values, name))
    imported = import_onnx(model, batch_norms_after=batch_norms)
    annotated = quantization.quantize_annotate_model(imported.model)
    with hushed(), quantization.quantize_scope():
        scheme = schemes.Default8BitPrunePreserveQuantizeScheme()
        trained = quantization.quantize_apply(annotated, scheme)
    fitted(trained)
    kernel = next(
        v for layer in trained.layers if layer.name.endswith("second") for v in layer.weights
        if "kernel" in v.name
    )  # fmt: skip
    zeros = float(np.mean(kernel.numpy() == 0))
    assert (zeros >= 0.49) == kept
