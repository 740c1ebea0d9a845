"""Activations in 8 bits, calibrated on the translated program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown.testing.graphs import GRAPHS
from boildown_coreml.calibrating import Ranges, activation_ranges, calibrated
from boildown_coreml.convert import convert
from boildown_coreml.toolkit import ct, silently
from boildown_coreml.translator import read_program, translate, translate_every_value
from programs import run
from sources import difference, normalised, samples

with silently():
    import coremltools.optimize.coreml as cto


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    source = normalised(GRAPHS["concat"](), tmp_path_factory.mktemp("source"))
    model = onnx.load(source)
    made, _target = convert(model, source.parent / "m.mlpackage", target="iOS17")
    return made.path, samples(source, 6)[0]


def quantized(package: Path, ranges: Ranges, folder: Path) -> Path:
    config = cto.OptimizationConfig(cto.OpLinearQuantizerConfig(mode="linear_symmetric"))
    with silently(), calibrated(ranges):
        model = ct.models.MLModel(str(package), skip_model_load=True)
        small = cto.linear_quantize_activations(model, config, [{}])
        cto.linear_quantize_weights(small, config).save(str(folder / "w8a8.mlpackage"))
    return folder / "w8a8.mlpackage"


def ranges_of(saved: tuple[Path, np.ndarray], folder: Path, count: int = 6) -> Ranges:
    package, x = saved
    return activation_ranges(package, ({"x": x[n : n + 1]} for n in range(count)), folder)


def test_every_value_is_an_output_under_its_name_in_the_program(
    saved: tuple[Path, np.ndarray],
) -> None:
    package, x = saved
    model = translate_every_value(package)
    names = [port.name for port in model.graph.output]
    values = dict(zip(names, run(model, x[:1]), strict=True))
    plain = translate(package)
    np.testing.assert_array_equal(values[plain.graph.output[0].name], run(plain, x[:1])[0])
    convolution = next(op for op in read_program(package).operations if op.op_type == "conv")
    assert values[convolution.outputs[0].name].shape == tuple(convolution.outputs[0].shape)


def test_ranges_are_those_of_all_samples_not_of_the_last(
    saved: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    found = ranges_of(saved, tmp_path)
    assert found["x"] == {"rmin": float(saved[1].min()), "rmax": float(saved[1].max())}
    last = activation_ranges(saved[0], [{"x": saved[1][-1:]}], tmp_path)
    assert found["x"] != last["x"]


def test_calibrated_activations_stay_near_and_narrow_ranges_do_not(
    saved: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    package, x = saved
    ranges = ranges_of(saved, tmp_path)
    narrow = {n: {k: v / 8 for k, v in r.items()} for n, r in ranges.items()}
    gaps = []
    for name, given in (("good", ranges), ("bad", narrow)):
        folder = tmp_path / name
        folder.mkdir()
        made = translate(quantized(package, given, folder))
        assert any(node.op_type == "QuantizeLinear" for node in made.graph.node)
        gaps.append(difference(run(made, x[:1])[0], run(translate(package), x[:1])[0]))
    assert gaps[0] < 0.1 < gaps[1]


def test_coremltools_is_itself_again_afterwards() -> None:
    from boildown_coreml.calibrating import post_training

    before: Any = post_training._get_activation_calibration_stats
    with pytest.raises(RuntimeError, match="stop"), calibrated({}):
        raise RuntimeError("stop")
    assert post_training._get_activation_calibration_stats is before
