"""The file that ships: the same numbers in few bytes, which ONNX Runtime unfolds when it loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Cluster, Prune, Quantize

from .conftest import Kit, session, shipped, states
from .graphs import NETWORKS

#: Steps that leave each of the ways to store a constant, with the function that rebuilds it.
FORMS = {
    "lookup": (Cluster(bits=4),),
    "rows": (Cluster(bits=3, granularity="channel"),),
    "sparse": (Prune(sparsity=0.7),),
    "sparse_lookup": (Prune(sparsity=0.9), Cluster(bits=4, keep_sparsity=True)),
}
UNFOLDED = {"Gather", "GatherElements", "BitShift", "Mod", "CumSum", "Cast", "Slice", "Mul", "Sub"}
WEIGHT_ONLY = [
    *(Quantize(weights=f"int{bits}") for bits in range(1, 9)),
    Quantize(weights="int4", symmetric=False),
    Quantize(weights="float16"),
    Quantize(weights="bfloat16"),
]


def operators(path: Path, tmp_path: Path) -> set[str]:
    """Return the operators of the graph that ONNX Runtime really runs."""
    session(path, tmp_path / "optimized.onnx")
    return {node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_used_and_folded_when_loaded(
    form: str, kit: Callable[..., Kit], tmp_path: Path
) -> None:
    made = kit()
    path = shipped(made.run(*FORMS[form]))
    functions = {function.name.rstrip("0123456789") for function in onnx.load(path).functions}
    assert form in functions
    assert not operators(path, tmp_path) & UNFOLDED


@pytest.mark.parametrize("step", WEIGHT_ONLY, ids=str)
def test_weights_only_in_few_bits_cost_nothing_at_run_time(
    step: Quantize, kit: Callable[..., Kit], tmp_path: Path
) -> None:
    made = kit()
    assert operators(shipped(made.run(step)), tmp_path) == operators(made.source, tmp_path)


def test_the_check_of_folding_notices_a_table_that_stays(
    kit: Callable[..., Kit], tmp_path: Path
) -> None:
    assert "Gather" in operators(kit("recurrent").source, tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_file_holds_the_very_numbers_of_the_last_step(
    network: str, form: str, kit: Callable[..., Kit]
) -> None:
    made = kit(network)
    result = made.run(*FORMS[form])
    last = result.steps[-1].artifact.path
    wanted, found = made.weights(last), made.weights(shipped(result))
    for name, weight in wanted.items():
        np.testing.assert_array_equal(found[name], weight)
    np.testing.assert_allclose(made.output(shipped(result)), made.output(last), atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_the_file_is_as_small_as_what_it_stores(form: str, kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(*FORMS[form])
    payload = sum(state.payload_bytes for state in states(result).values())
    stored = onnx.load(shipped(result)).graph.initializer
    assert payload <= sum(len(tensor.raw_data) for tensor in stored)
    assert payload < 0.45 * sum(weight.nbytes for weight in made.weights().values())


#: Bits of one stored weight; of three bits 21 lie in a word of 64, so that each takes a bit more.
BITS = {"lookup": 4, "rows": 3, "sparse": 32, "sparse_lookup": 4}


@pytest.mark.parametrize("form", FORMS)
def test_zeros_that_are_left_out_do_not_make_the_others_look_smaller(
    form: str, kit: Callable[..., Kit]
) -> None:
    audited = states(kit().run(*FORMS[form])).values()
    largest = max(audited, key=lambda state: np.prod(state.shape))
    assert BITS[form] <= largest.bits < BITS[form] + 0.1


def test_inputs_outputs_and_the_open_batch_stay(kit: Callable[..., Kit]) -> None:
    made = kit("two_inputs")
    for steps in ((), (Quantize(weights="int4"),), (Quantize(activations="int8"),)):
        path = shipped(made.run(*steps))
        names = [value.name for value in session(path).get_inputs()]
        assert names == ["x", "extra"]
        for count in (1, 3):
            assert made.output(path, made.inputs(count)).shape == (count, 5)


def test_a_form_that_does_not_pay_is_not_used(kit: Callable[..., Kit]) -> None:
    made = kit()
    model = onnx.load(shipped(made.run(Prune(sparsity=0.01))))
    assert not model.functions
