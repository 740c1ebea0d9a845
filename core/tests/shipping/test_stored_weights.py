"""Codes, halves and values put into a graph are read back as what they stand for."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import onnx
import pytest
from boildown import (
    Codes,
    Context,
    OnnxRuntime,
    Quantize,
    deploy_onnx,
    encode_weight,
    initializers,
    onnx_layer_states,
    read_graph,
    source_layers,
    store_codes,
    store_halves,
    store_values,
    write_graph,
)
from boildown.model.decoding import decode_layers
from onnx import numpy_helper

from .conftest import cnn

Change = Callable[[onnx.ModelProto], object]


def weights() -> dict[str, np.ndarray]:
    return {name: numpy_helper.to_array(t) for name, t in initializers(cnn()).items()}


def shipped(context: Context, change: Change) -> dict[str, np.ndarray]:
    """Change the source, ship it and return the numbers of its layers in the file."""
    graph = read_graph(context.original)
    change(graph)
    artifact = deploy_onnx(write_graph(graph, context, "changed"), context)
    found = decode_layers(artifact.path, source_layers(context.original.path))
    return {item.layer: item.values for item in found}


@pytest.mark.parametrize("symmetric", [True, False])
def test_codes_stand_for_the_same_weights_in_the_file(*, symmetric: bool, context: Context) -> None:
    step = Quantize(weights="int4", symmetric=symmetric)
    codes = {name: encode_weight(weights()[name], step, 0) for name in ("stem.w", "wide.w")}
    found = shipped(context, lambda graph: store_codes(graph, codes))
    for layer in ("stem", "wide"):
        np.testing.assert_allclose(found[layer], codes[f"{layer}.w"].real, rtol=0, atol=1e-7)
    assert np.array_equal(found["head"], weights()["head.w"])


def test_codes_of_a_training_loop_are_stored_as_they_are(context: Context) -> None:
    """What any backend has trained is stored, whatever the step would have chosen."""
    random = np.random.default_rng(3)
    trained = Codes(
        random.integers(-1, 2, (32, 16, 3, 3)).astype(np.int8),
        random.uniform(0.1, 1, (32, 1, 1, 1)).astype(np.float32),
    )
    found = shipped(context, lambda graph: store_codes(graph, {"wide.w": trained}))
    assert np.array_equal(found["wide"], trained.real)
    state = onnx_layer_states(context.workdir / "model.onnx", source_layers(context.original.path))[
        1
    ]
    assert state.bits == 2


@pytest.mark.parametrize(
    ("kind", "dtype"), [("float16", np.float16), ("bfloat16", ml_dtypes.bfloat16)]
)
def test_halves_are_rounded_to_nearest_and_never_become_infinite(
    kind: str, dtype: type, context: Context
) -> None:
    wide = weights()["wide.w"].copy()
    wide.flat[0] = 1e6 if kind == "float16" else 3e38

    def change(graph: onnx.ModelProto) -> None:
        store_values(graph, {"wide.w": wide})
        store_halves(graph, ["wide.w"], kind)

    found = shipped(context, change)["wide"]
    assert np.array_equal(found.flat[1:], wide.flat[1:].astype(dtype).astype(np.float32))
    assert np.isfinite(found).all()


def test_values_keep_their_name_and_may_be_of_another_type() -> None:
    graph = cnn()
    store_values(graph, {"head.w": np.ones((10, 32), np.int8)})
    assert numpy_helper.to_array(initializers(graph)["head.w"]).dtype == np.int8


@pytest.mark.parametrize(
    "change",
    [
        lambda graph: store_values(graph, {"wide": np.ones(3, np.float32)}),
        lambda graph: store_halves(graph, ["wide"], "float16"),
        lambda graph: store_halves(graph, ["wide.w"], "float8"),
        lambda graph: store_codes(graph, {"wide": Codes(np.ones(3, np.int8), np.ones(1))}),
    ],
)
def test_a_name_that_is_none_changes_nothing(change: Change) -> None:
    graph = cnn()
    with pytest.raises(KeyError, match=r"wide|float8"):
        change(graph)
    assert graph == cnn()


def test_the_float_twin_computes_what_the_source_computes(context: Context) -> None:
    twin = deploy_onnx(context.original, context)
    x = np.random.default_rng(1).standard_normal((3, 3, 8, 8)).astype(np.float32)
    source, found = (OnnxRuntime(a.path).run({"x": x})["y"] for a in (context.original, twin))
    np.testing.assert_allclose(found, source, atol=1e-6)
    assert twin.bytes < context.original.bytes
