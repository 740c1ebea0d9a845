"""A `.pt2` file runs in PyTorch; what it would only make larger is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boildown import Quantize, UnsupportedError
from boildown.testing.graphs import GRAPHS

from .formats import by_onnx, native
from .jobs import normalised, run

PT2 = {"format": "pt2"}


@pytest.mark.parametrize("network", ["two_inputs", "attention"])
def test_the_float_file_computes_what_its_onnx_form_does(network: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    result = run(source, settings=PT2)
    assert result.deployable is not None
    assert result.deployable.format == "pt2"
    wanted = by_onnx(result, source)
    assert np.abs(native(result, source) - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_weights_of_few_bits_ship_as_float_and_the_row_says_so(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Quantize(weights="int2"), settings=PT2)
    (warning,) = result.steps[0].warnings
    assert "plain float32" in warning.text
    wanted = by_onnx(result, source)
    assert np.abs(native(result, source) - wanted).max() < 1e-4 * np.abs(wanted).max()
    assert np.abs(native(run(source, settings=PT2), source) - wanted).max() > 1e-3


@pytest.mark.parametrize("activations", ["int8", "dynamic"])
def test_integers_are_refused_with_the_reason(activations: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Quantize.model_validate({"activations": activations})
    with pytest.raises(UnsupportedError, match=r"format 'pt2'.*larger than the float one"):
        run(source, step, settings=PT2)
