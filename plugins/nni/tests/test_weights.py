"""Weights of few bits: the codes are NNI's, packed, and training with them helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boildown import Codes, Prune, Quantize, Train, UnsupportedError, encode_weight
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS
from boildown_nni import weights as step_module
from onnx import helper, numpy_helper

from .jobs import loss, normalised, outputs, run, samples, shipped, weights

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)


def rounded(source: Path, with_: dict[str, Any] | None = None, **settings: Any) -> JobResult:
    return run(source, Quantize.model_validate(settings), settings=with_)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["batch_norm"](), tmp_path_factory.mktemp("batch_norm"))


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("granularity", ["tensor", "channel"])
def test_weights_lie_on_the_grid_of_the_greatest_one(
    source: Path, bits: int, granularity: str
) -> None:
    found = weights(source, shipped(rounded(source, weights=f"int{bits}", granularity=granularity)))
    most = 2 ** (bits - 1) - 1
    for layer, weight in weights(source, source).items():
        axes = tuple(range(weight.ndim if granularity == "tensor" else 1, weight.ndim))
        axes = axes if granularity == "channel" else tuple(range(weight.ndim))
        scale = np.abs(weight).max(axis=axes, keepdims=True) / most
        assert np.allclose(found[layer], np.rint(weight / scale) * scale, atol=1e-6), layer


@pytest.mark.parametrize(
    ("quantizer", "bits"),
    [("QAT", 8), ("QAT", 4), ("Lsq", 4), ("Lsq", 2), ("DoReFa", 8), ("DoReFa", 3), ("BNN", 1)],
)
@pytest.mark.parametrize("patience", [None, 2])
def test_the_file_computes_what_nni_trained(
    source: Path,
    quantizer: str,
    bits: int,
    patience: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen through the network as it is just before its codes are read."""
    train = TRAIN.model_copy(update={"patience": patience})
    seen: list[np.ndarray] = []
    arrays = [torch.from_numpy(array) for array in samples(source).values()]
    codes_of = step_module.codes_of

    def look_first(module: Any, *more: Any) -> Codes:
        with torch.no_grad():
            seen.append(module.eval()(*arrays).numpy())
        return codes_of(module, *more)

    monkeypatch.setattr(step_module, "codes_of", look_first)
    result = rounded(source, {"quantizer": quantizer}, weights=f"int{bits}", train=train)
    found = outputs(source, shipped(result))
    assert np.abs(found - seen[0]).max() < 1e-4 * np.abs(seen[0]).max()
    assert result.steps[0].cost.epochs == 4 or patience


def test_one_bit_is_one_bit_in_the_file(source: Path) -> None:
    result = rounded(source, weights="int1", train=TRAIN)
    assert {(state.bits, state.distinct_values) for state in result.layers or ()} == {(1, 2)}
    assert shipped(result).stat().st_size < 0.25 * source.stat().st_size
    assert all(
        set(np.unique(weight)) == {-1, 1} for weight in weights(source, shipped(result)).values()
    )


@pytest.mark.parametrize("bits", [2, 4])
def test_dorefa_packs_its_values_in_as_many_bits_as_asked(tmp_path: Path, bits: int) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = rounded(source, {"quantizer": "DoReFa"}, weights=f"int{bits}", train=TRAIN)
    wide = next(state for state in result.layers or () if state.layer == "wide")
    assert wide.bits == bits
    assert wide.distinct_values <= 2**bits


def test_dorefa_trains_on_samples_of_whose_class_the_network_is_certain(tmp_path: Path) -> None:
    """They give no gradient at all, of which NNI's division by the greatest one makes nan."""
    model = GRAPHS["plain"]()
    (output,) = model.graph.output
    last = next(node for node in model.graph.node if output.name in node.output)
    last.output[0] = "small"
    model.graph.initializer.append(numpy_helper.from_array(np.float32(1e5), "large"))
    model.graph.node.append(helper.make_node("Mul", ["small", "large"], [output.name], "certain"))
    source = normalised(model, tmp_path)
    result = rounded(source, {"quantizer": "DoReFa"}, weights="int4", train=TRAIN)
    assert result.status == "ok", result.reason
    assert all(np.isfinite(array).all() for array in weights(source, shipped(result)).values())


@pytest.mark.parametrize("quantizer", ["QAT", "Lsq"])
def test_training_with_two_bits_makes_up_for_them(source: Path, quantizer: str) -> None:
    alone = loss(source, shipped(rounded(source, weights="int2")))
    trained = rounded(source, {"quantizer": quantizer}, weights="int2", train=TRAIN)
    assert loss(source, shipped(trained)) < 0.9 * alone


def test_zeros_stay_where_there_is_a_zero_and_are_told_where_there_is_none(source: Path) -> None:
    prune = Prune(sparsity=0.6)
    kept = run(source, prune, Quantize(weights="int4", train=TRAIN))
    assert all(state.sparsity >= 0.59 for state in kept.layers or ())
    assert [warning.code for warning in kept.steps[1].warnings] == ["NOTE"]
    assert "one step at a time" in kept.steps[1].warnings[0].text
    at_once = run(source, prune, Quantize(weights="int4"))
    assert not at_once.steps[1].warnings
    lost = run(source, prune, Quantize(weights="int1", train=TRAIN))
    assert any(warning.code == "PARTIAL" for warning in lost.steps[1].warnings)


def test_without_training_the_codes_are_those_of_every_backend(source: Path) -> None:
    """An independent rounding: the core's, over the whole range."""
    step = Quantize(weights="int8", granularity="channel", observer="minmax")
    found = weights(source, shipped(rounded(source, weights="int8", granularity="channel")))
    for layer, weight in weights(source, source).items():
        other = encode_weight(weight, step, 0).real
        assert np.abs(found[layer] - other).max() < 1.01 * np.abs(weight).max() / 127


def test_quant_start_step_reaches_nni(source: Path) -> None:
    """Trained with exact weights first, the network ends elsewhere."""
    late, early = (
        rounded(source, {"arguments": {"quant_start_step": n}}, weights="int2", train=TRAIN)
        for n in (15, 0)
    )
    found = [outputs(source, shipped(result)) for result in (late, early)]
    assert np.abs(found[0] - found[1]).max() > 1e-3


@pytest.mark.parametrize(
    ("with_", "settings", "told"),
    [
        ({"quantizer": "Lsq"}, {}, "give `train`"),
        ({"quantizer": "Ptq"}, {"train": TRAIN}, "does not train"),
        ({"quantizer": "BNN"}, {"train": TRAIN}, "of one bit"),
        ({"quantizer": "DoReFa"}, {"train": TRAIN, "granularity": "channel"}, "one range"),
        ({"quantizer": "Lsq"}, {"train": TRAIN, "activations": "int8"}, "weights alone"),
        ({"arguments": {"quant_start_step": 2}}, {}, "takes no quant_start_step"),
        ({"arguments": {"quant_start_step": 20}}, {"train": TRAIN}, "there are 20 steps"),
        ({"quantizer": "DoReFa"}, {"train": TRAIN, "symmetric": True}, "none at 0"),
        ({"reduce_range": True}, {}, "about static int8"),
        ({"reduce_range": False}, {"weights": "int7", "activations": "int8"}, "int7 has 7"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    source: Path, with_: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(UnsupportedError, match=told):
        rounded(source, with_, **settings)
