"""Sources of every version of the operators that exporters write."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import Cluster, Prune, Quantize, Step

from .cases import label
from .conftest import Kit, shipped
from .graphs import cnn, transformer

STEPS: list[Step] = [
    Cluster(bits=4),
    Prune(sparsity=0.8),
    Quantize(weights="int4"),
    Quantize(activations="int8"),
    Quantize(activations="dynamic"),
    Quantize(granularity="block"),
    Quantize(weights="float16", activations="float16"),
]


@pytest.mark.parametrize("opset", [11, 12, 13, 15, 17, 18, 19, 21])
@pytest.mark.parametrize("step", STEPS, ids=label)
def test_a_step_takes_sources_of_this_opset(
    step: Step, opset: int, kit: Callable[..., Kit]
) -> None:
    made = kit(cnn(opset))
    path = shipped(made.run(step))
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert path.stat().st_size < made.source.stat().st_size
    assert np.isfinite(made.output(path)).all()


@pytest.mark.parametrize("opset", [13, 21])
def test_attention_is_quantized_in_this_opset(opset: int, kit: Callable[..., Kit]) -> None:
    made = kit(transformer(opset))
    wanted = made.output(made.source)
    found = made.output(shipped(made.run(Quantize(activations="int8"))))
    assert np.abs(found - wanted).max() < 0.15 * np.abs(wanted).max()
