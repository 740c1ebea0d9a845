"""From a Keras model to the bytes of a `.tflite` file, in one of TensorFlow Lite's precisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from boildown import DataError, UnsupportedError, source_layers

from .checking import check
from .flatbuffer import read_bytes
from .keras import tf
from .layout import channels_last
from .matching import match_layers
from .naming import name_file
from .quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from onnx import ModelProto

    from .keras import tf_keras

#: `aware` is int8 with the ranges that quantization-aware training has put into the model.
Mode = Literal["float32", "float16", "dynamic", "int8", "int16x8", "aware"]
#: Type of the file's inputs and outputs.
Io = Literal["float32", "int8", "uint8", "int16"]
_CALIBRATED = ("int8", "int16x8")
_BYTES = ("float32", "int8", "uint8")
_IO: dict[Mode, tuple[str, ...]] = {
    "float32": ("float32",),
    "float16": ("float32",),
    "dynamic": ("float32",),
    "int8": _BYTES,
    "int16x8": ("float32", "int16"),
    "aware": _BYTES,
}


class Converted(NamedTuple):
    """The file, and the ONNX layers whose weights it keeps in float32 though more was asked."""

    content: bytes
    left: tuple[str, ...]


def to_tflite(
    model: tf_keras.Model,
    source: ModelProto,
    layers: Mapping[str, str],
    mode: Mode,
    samples: Iterable[Mapping[str, np.ndarray]] = (),
    *,
    io: Io = "float32",
) -> Converted:
    """Convert `model`, and check that the file is what `mode` and `io` say.

    `source` is the ONNX graph that the model comes of, `layers` the names of Keras layers with
    those of its nodes. `samples` are batches of its inputs by name, NCHW, to calibrate int8 and
    int16x8 with; the other modes need none. The open batch of a model stays open: LiteRT
    computes batches of one as it does with a fixed batch, and others after a resize, while a fixed
    batch could neither be evaluated in batches nor become ONNX with an open one. Inputs and
    outputs bear ONNX's names, in its order, and a metadata entry says which operator each layer
    has become.

    Raises DataError for samples that cannot calibrate, UnsupportedError where the converter fails
    or makes something else.
    """
    if io not in _IO[mode]:
        raise UnsupportedError(f"a {mode} file can have {' or '.join(_IO[mode])} ports, not {io}")
    converter = _converter(model, mode, io)
    if mode in _CALIBRATED:
        prepared = _prepared(model, source, samples)
        converter.representative_dataset = lambda: iter(prepared)
    try:
        with quietly():
            content = bytes(converter.convert())
    except Exception as error:  # the converter raises its own kind, and any other
        why = " ".join(str(error).split())[:400]
        raise UnsupportedError(f"TensorFlow Lite's converter failed ({mode}): {why}") from error
    file = read_bytes(content)
    left = check(file, mode, io)
    nodes = list(dict.fromkeys(layer.node for layer in source_layers(source)))
    matched = match_layers(file, model, layers, nodes)
    named = name_file(content, model, source, matched)
    return Converted(named, tuple(n for n, output in matched.outputs.items() if output in left))


def _converter(model: tf_keras.Model, mode: Mode, io: Io) -> tf.lite.TFLiteConverterV2:
    with quietly():
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if mode == "float32":
        return converter
    # Without this every other option is ignored in silence.
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if mode == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if mode == "int16x8":
        kernels = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [kernels]
    if io != "float32":
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(io)
    return converter


def _prepared(
    model: tf_keras.Model, source: ModelProto, samples: Iterable[Mapping[str, np.ndarray]]
) -> list[dict[str, np.ndarray]]:
    """Return single samples by the names and in the layout of the Keras model."""
    prepared = [sample for batch in samples for sample in _single(model, source, batch)]
    if not prepared:
        raise DataError(
            "there are no samples to calibrate with; without them TensorFlow Lite writes a float"
            " file"
        )
    return prepared


def _single(
    model: tf_keras.Model, source: ModelProto, batch: Mapping[str, np.ndarray]
) -> Iterator[dict[str, np.ndarray]]:
    fed: dict[str, np.ndarray] = {}
    ports = zip(source.graph.input, model.inputs, model.input_names, strict=True)
    for port, tensor, name in ports:
        if port.name not in batch:
            raise DataError(f"the calibration samples lack the input {port.name!r}")
        array = channels_last(np.asarray(batch[port.name])).astype(tensor.dtype.as_numpy_dtype)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError(f"samples for the input {port.name!r} hold NaN or infinity")
        if not tensor.shape.is_compatible_with((tensor.shape[0], *array.shape[1:])):
            raise DataError(
                f"samples for the input {port.name!r} have the shape"
                f" {np.shape(batch[port.name])[1:]}, which the network does not take"
            )
        fed[name] = array
    size = model.inputs[0].shape[0] or 1
    count = min(map(len, fed.values()))
    for start in range(0, count - size + 1, size):
        yield {name: array[start : start + size] for name, array in fed.items()}
