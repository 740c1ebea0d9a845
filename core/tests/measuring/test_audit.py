from __future__ import annotations

import numpy as np
import pytest
from boildown import LayerState, layer_state
from boildown.errors import PluginError
from boildown.measuring.audit import audit, cross_check
from boildown.model.layers import Layer

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(4, 10)).astype(np.float32)


def state(values: np.ndarray = VALUES, bits: float = 32, name: str = "a") -> LayerState:
    return layer_state(name, values, bits=bits, payload_bytes=int(values.size * bits / 8))


def layers(*names: str) -> list[Layer]:
    return [
        Layer(name=name, node=name, op="Conv", weight=name, shape=(4, 10), axis=0) for name in names
    ]


def changed(after: LayerState, before: LayerState | None = None) -> bool:
    return audit([before or state()], [after], layers("a"), "onnx").layers[0].changed


def test_an_untouched_layer_has_not_changed() -> None:
    found = audit([state()], [state()], layers("a"), "tflite")
    assert (found.layers_changed, found.layers_total, found.source) == (0, 1, "tflite")


def test_another_layout_is_no_change() -> None:
    assert not changed(state(VALUES.T.copy()))


@pytest.mark.parametrize(
    "after",
    [
        state(VALUES, bits=8),
        state(np.where(VALUES < 0, 0, VALUES)),
        state(np.round(VALUES)),
        state(VALUES + 1),
        state(VALUES[:2]),
    ],
    ids=["bits", "zeros", "distinct values", "values", "shape"],
)
def test_every_kind_of_change_is_seen(after: LayerState) -> None:
    assert changed(after)


def test_without_digests_counts_decide() -> None:
    old, new = (state(v).model_copy(update={"values_digest": ""}) for v in (VALUES, VALUES + 1))
    assert not changed(new, old)
    fewer = state(np.round(VALUES)).model_copy(update={"values_digest": ""})
    assert changed(fewer, old)


def test_means_are_weighted_by_weights_and_distinct_values_are_the_largest() -> None:
    half = np.array([0, 0, 0, 1, 1, 1], np.float32)
    after = [state(np.ones(2, np.float32), 8), state(half, 4, "b")]
    found = audit([state(), state(name="b")], after, layers("a", "b"), "onnx")
    assert found.bits == pytest.approx((2 * 8 + 6 * 4) / 8)
    assert found.sparsity == pytest.approx(3 / 8)
    assert (found.distinct_values, found.layers_changed) == (2, 2)
    assert [(row.layer, row.op, row.shape) for row in found.layers] == [
        ("a", "Conv", (2,)),
        ("b", "Conv", (6,)),
    ]


def test_values_before_and_after_lie_in_the_same_bins() -> None:
    found = audit([state()], [state(np.round(VALUES * 2) / 2)], layers("a"), "onnx").layers[0]
    assert found.histogram is not None
    assert sum(found.histogram.before) == VALUES.size
    assert sum(found.histogram.after) == VALUES.size * (1 - found.sparsity)
    assert len(found.histogram.before) == len(found.histogram.after)
    halves = [i for i, count in enumerate(found.histogram.after) if count]
    edges = {(found.histogram.first + i) * found.histogram.bin_width for i in halves}
    assert {edge % 0.5 for edge in edges} == {0}


def test_a_layer_of_zeros_and_one_without_histogram_have_none() -> None:
    zeros = audit([state()], [state(np.zeros((4, 10), np.float32))], layers("a"), "onnx")
    untold = state().model_copy(update={"histogram": None})
    assert zeros.layers[0].histogram is None
    assert audit([untold], [state()], layers("a"), "onnx").layers[0].histogram is None


def test_a_model_without_layers_has_no_means() -> None:
    found = audit([], [], [], "onnx")
    assert (found.bits, found.sparsity, found.distinct_values, found.layers_total) == (
        None,
        None,
        None,
        0,
    )


@pytest.mark.parametrize("missing", ["before", "after"])
def test_a_layer_that_a_backend_leaves_out_is_named(missing: str) -> None:
    states = {"before": [state(), state(name="b")], "after": [state(), state(name="b")]}
    states[missing].pop()
    with pytest.raises(PluginError, match=f"{missing} the job lack 1 of 2 layers: b"):
        audit(states["before"], states["after"], layers("a", "b"), "onnx")


def test_a_backend_that_tells_the_truth_is_believed() -> None:
    assert cross_check([state()], [state()]) == []


def test_another_way_to_store_the_same_values_is_no_disagreement() -> None:
    assert cross_check([state(VALUES.T.copy(), bits=4)], [state(VALUES * 2)]) == []


def test_a_backend_that_claims_too_much_is_told_in_sentences() -> None:
    claimed = state(np.where(VALUES < 0, 0, VALUES))
    found = cross_check([claimed, state(name="only here")], [state(), state(name="only there")])
    assert found[0] == "layer 'only here' is missing in the ONNX form"
    assert found[1] == "layer 'only there' is missing in the backend's list"
    assert "layer 'a': the backend decodes a sparsity of 0." in found[2]
    assert "distinct values, the ONNX form has 40" in found[3]


def test_removed_weights_that_are_still_there_are_told() -> None:
    (text,) = cross_check([state(VALUES[:2])], [state()])
    assert text == (
        "layer 'a': the backend decodes 20 weights of shape [2, 10], the ONNX form has 40 of"
        " shape [4, 10]"
    ).replace("of shape [4, 10]", "of [4, 10]")


def test_one_value_too_many_in_a_palette_is_told_but_rounding_among_thousands_is_not() -> None:
    sixteen, seventeen = (np.arange(n, dtype=np.float32) for n in (16, 17))
    assert len(cross_check([state(np.resize(sixteen, 40))], [state(np.resize(seventeen, 40))])) == 1
    many = RNG.normal(size=9999).astype(np.float32)
    fewer = many.copy()
    fewer[:5] = many[5]
    assert cross_check([state(fewer)], [state(many)]) == []
