"""A graph for one sample takes any number of them, or stays as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from boildown_coreml.batch import open_batch
from boildown_coreml.batch.place import Place, reshaped
from onnx import TensorProto, helper, numpy_helper, shape_inference
from programs import run

RNG = np.random.default_rng(6)


def model(
    nodes: list[tuple[str, list[str], list[str], dict[str, Any]]],
    shape: tuple[int, ...],
    constants: dict[str, np.ndarray] | None = None,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        [
            helper.make_node(kind, inputs, outputs, outputs[0], **attributes)
            for kind, inputs, outputs, attributes in nodes
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, *shape))],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return shape_inference.infer_shapes(made, data_prop=True)


def lengths(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


OPENED = {
    "heads moved into the batch, as attention does": (
        [
            ("Transpose", ["x"], ["a"], {"perm": [1, 0, 2]}),
            ("Reshape", ["a", "split"], ["b"], {}),
            ("Transpose", ["b"], ["q"], {"perm": [1, 0, 2]}),
            ("Transpose", ["q"], ["k"], {"perm": [0, 2, 1]}),
            ("MatMul", ["q", "k"], ["s"], {}),
            ("Softmax", ["s"], ["p"], {"axis": -1}),
            ("MatMul", ["p", "q"], ["o"], {}),
            ("Transpose", ["o"], ["c"], {"perm": [1, 0, 2]}),
            ("Reshape", ["c", "join"], ["d"], {}),
            ("MatMul", ["d", "w"], ["e"], {}),
            ("Reshape", ["e", "apart"], ["f"], {}),
            ("Transpose", ["f"], ["y"], {"perm": [1, 0, 2]}),
        ],
        (5, 6),
        {"split": lengths(5, 2, 3), "join": lengths(5, 6), "apart": lengths(5, 1, 6),
         "w": RNG.standard_normal((6, 6)).astype(np.float32)},
    ),
    "an image flattened": ([("Reshape", ["x", "s"], ["y"], {})], (3, 4, 4), {"s": lengths(1, 48)}),
    "an axis that goes": (
        [("ReduceSum", ["x", "a"], ["b"], {"keepdims": 0}), ("Unsqueeze", ["b", "n"], ["y"], {})],
        (3, 4), {"a": lengths(1), "n": lengths(-1)},
    ),
    "a slice that ends with the sample": (
        [("Slice", ["x", "b", "e"], ["y"], {})], (3, 4), {"b": lengths(0, 1), "e": lengths(1, 3)},
    ),
    "a constant beside the samples": (
        [("Concat", ["c", "x"], ["y"], {"axis": 1})], (3, 4),
        {"c": RNG.standard_normal((1, 2, 4)).astype(np.float32)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OPENED)
def test_two_samples_give_what_each_gives_alone(case: str) -> None:
    nodes, shape, constants = OPENED[case]
    made = model(nodes, shape, constants)
    x = RNG.standard_normal((2, *shape)).astype(np.float32)
    alone = [run(made, x[place : place + 1])[0] for place in (0, 1)]
    assert open_batch(made)
    np.testing.assert_allclose(run(made, x)[0], np.concatenate(alone), rtol=1e-5, atol=1e-6)


MIXED = {
    "a mean over samples": ([("ReduceMean", ["x", "a"], ["y"], {})], (4,), {"a": lengths(0)}),
    "a softmax over samples": ([("Softmax", ["x"], ["y"], {"axis": 0})], (4,), {}),
    "a norm over all": (
        [("LayerNormalization", ["x", "g"], ["y"], {"axis": 0})], (4,),
        {"g": np.ones((1, 4), np.float32)},
    ),
    "a product that sums over samples": (
        [("Transpose", ["x"], ["t"], {"perm": [1, 0]}), ("MatMul", ["t", "x"], ["u"], {}),
         ("MatMul", ["x", "u"], ["y"], {})],
        (4,), {},
    ),
    "samples joined": ([("Concat", ["x", "x"], ["y"], {"axis": 0})], (4,), {}),
    "samples turned round": (
        [("Slice", ["x", "b", "e", "a", "b"], ["y"], {})], (4,),
        {"b": lengths(-1), "e": lengths(np.iinfo(np.int64).min), "a": lengths(0)},
    ),
    "an operator of which nothing is known": ([("Det", ["x"], ["y"], {})], (4, 4), {}),
    "an output that no sample reaches": ([("Identity", ["c"], ["y"], {})], (4,), {
        "c": np.ones((1, 2), np.float32)}),
}  # fmt: skip


@pytest.mark.parametrize("case", MIXED)
def test_a_graph_that_may_mix_samples_is_left_alone(case: str) -> None:
    nodes, shape, constants = MIXED[case]
    made = model(nodes, shape, constants)
    before = made.SerializeToString()
    assert not open_batch(made)
    assert made.SerializeToString() == before


def test_a_reshape_may_see_samples_on_two_axes() -> None:
    """(5, samples, 6) as (5, 2, 3): at the end of the first axis or at the start of the second."""
    assert reshaped(Place(1), (5, 1, 6), (5, 2, 3)) == [Place(1, 1, 2), Place(0, 5, 1)]
