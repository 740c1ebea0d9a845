"""Weight-only codes against the same quantization computed here, the plain way."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from boildown import Layer, Quantize
from boildown.recipe.steps import Layers
from onnx import numpy_helper

from .conftest import Kit, shipped, states
from .graphs import cnn

BITS = range(2, 9)
NETWORKS = ("cnn", "transformer", "recurrent")


def groups(weight: np.ndarray, layer: Layer, granularity: str) -> list[np.ndarray]:
    """Return views of the weights that share a scale."""
    return [weight] if granularity == "tensor" else list(np.moveaxis(weight, layer.axis, 0))


def quantized(
    kit: Kit, rounded: Callable[[np.ndarray], np.ndarray], granularity: str
) -> dict[str, np.ndarray]:
    """Return the weights of all layers after `rounded` was applied to each group."""
    result = {name: weight.copy() for name, weight in kit.weights().items()}
    for layer in kit.layers():
        for group in groups(result[layer.name], layer, granularity):
            group[...] = rounded(group)
    return result


def near(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray], *, atol: float) -> None:
    for name, weight in wanted.items():
        np.testing.assert_allclose(found[name], weight, rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
@pytest.mark.parametrize("bits", BITS)
def test_symmetric_codes_are_multiples_of_the_greatest_weight_over_the_greatest_code(
    bits: int, granularity: str, kit: Callable[..., Kit]
) -> None:
    def rounded(group: np.ndarray) -> np.ndarray:
        scale = np.abs(group).max() / (2 ** (bits - 1) - 1)
        return np.rint(group / scale) * scale

    for network in NETWORKS:
        made = kit(network)
        step = Quantize(
            weights=f"int{bits}", granularity=granularity, symmetric=True, observer="minmax"
        )
        near(
            made.weights(shipped(made.run(step))), quantized(made, rounded, granularity), atol=1e-6
        )


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_affine_codes_span_the_range_of_the_weights_and_keep_zero(
    bits: int, granularity: str, kit: Callable[..., Kit]
) -> None:
    def rounded(group: np.ndarray) -> np.ndarray:
        low, high = min(group.min(), 0), max(group.max(), 0)
        scale = (high - low) / (2**bits - 1)
        zero = np.rint(-low / scale)
        return (np.clip(np.rint(group / scale) + zero, 0, 2**bits - 1) - zero) * scale

    made = kit()
    step = Quantize(
        weights=f"int{bits}", granularity=granularity, symmetric=False, observer="minmax"
    )
    near(made.weights(shipped(made.run(step))), quantized(made, rounded, granularity), atol=1e-6)


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
def test_binary_weights_are_signs_times_the_mean_size(
    granularity: str, kit: Callable[..., Kit]
) -> None:
    made = kit()
    result = made.run(Quantize(weights="int1", granularity=granularity))
    wanted = quantized(made, lambda g: np.where(g < 0, -1, 1) * np.abs(g).mean(), granularity)
    near(made.weights(shipped(result)), wanted, atol=1e-6)
    assert states(result)["wide"].bits == 1


@pytest.mark.parametrize(
    ("kind", "dtype"), [("float16", np.float16), ("bfloat16", ml_dtypes.bfloat16)]
)
def test_half_weights_are_rounded_to_nearest(
    kind: str, dtype: type, kit: Callable[..., Kit]
) -> None:
    made = kit("recurrent")
    result = made.run(Quantize(weights=kind))
    wanted = quantized(made, lambda group: group.astype(dtype).astype(np.float32), "tensor")
    near(made.weights(shipped(result)), wanted, atol=0)
    assert {state.bits for state in states(result).values()} == {16}


def test_the_comparison_notices_one_code_that_is_wrong(kit: Callable[..., Kit]) -> None:
    made = kit()
    wanted = made.weights(shipped(made.run(Quantize(weights="int8"))))
    wrong = {name: weight.copy() for name, weight in wanted.items()}
    wrong["wide"].flat[0] += np.abs(wanted["wide"]).max() / 127
    with pytest.raises(AssertionError, match="wide"):
        near(wrong, wanted, atol=1e-6)


@pytest.mark.parametrize("bits", BITS)
def test_few_bits_take_few_bytes(bits: int, kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(Quantize(weights=f"int{bits}", granularity="tensor"))
    state = states(result)["wide"]
    # Codes of 3, 5, 6 and 7 bits are packed into words of 64.
    each = bits if 8 % bits == 0 else 64 / (64 // bits)
    assert state.bits <= 8
    assert state.distinct_values <= 2**bits - 1
    assert state.payload_bytes < each / 8 * made.weights()["wide"].size + 4 * 2**bits + 20


def test_only_selected_layers_are_quantized(kit: Callable[..., Kit]) -> None:
    made = kit()
    chosen = Layers(include=("type:Conv",), exclude=("stem", "size<300"))
    found = made.weights(shipped(made.run(Quantize(weights="int4", layers=chosen))))
    changed = {n for n, weight in made.weights().items() if not np.array_equal(weight, found[n])}
    assert changed == {"grouped", "wide"}


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_layer_of_zeros_stays_one(*, symmetric: bool, kit: Callable[..., Kit]) -> None:
    model = cnn()
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == "side.w")
    weight.CopyFrom(numpy_helper.from_array(np.zeros((16, 16, 1, 1), np.float32), "side.w"))
    made = kit(model)
    found = made.weights(shipped(made.run(Quantize(weights="int4", symmetric=symmetric))))
    assert not found["side"].any()
    assert np.isfinite(found["wide"]).all()


@pytest.mark.parametrize(("bits", "observer"), [(4, "mse"), (3, "mse"), (5, "minmax")])
def test_left_open_the_observer_is_the_one_for_these_bits(
    bits: int, observer: str, kit: Callable[..., Kit]
) -> None:
    made = kit()
    other = "minmax" if observer == "mse" else "mse"
    files = [
        shipped(made.run(Quantize(weights=f"int{bits}", observer=choice))).read_bytes()
        for choice in (None, observer, other)
    ]
    assert files[0] == files[1] != files[2]
