"""What stands in a saved package, layer by layer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, ModelError, UnsupportedError, onnx_layer_states, source_layers
from boildown.measuring.audit import cross_check
from boildown.testing.graphs import GRAPHS
from boildown_coreml.convert import convert
from boildown_coreml.deploy import deploy, to_onnx
from boildown_coreml.layers import layers
from boildown_coreml.names import LayerNames, place_of, place_of_operator
from boildown_coreml.toolkit import ct, silently
from programs import run
from sources import context_of, difference, normalised, samples

with silently():
    import coremltools.optimize.coreml as cto


def quantize(model: Any, **settings: Any) -> Any:
    config = cto.OptimizationConfig(cto.OpLinearQuantizerConfig(weight_threshold=0, **settings))
    return cto.linear_quantize_weights(model, config)


def palettize(model: Any, *, joint: bool = False, **settings: Any) -> Any:
    config = cto.OptimizationConfig(cto.OpPalettizerConfig(weight_threshold=0, **settings))
    return cto.palettize_weights(model, config, joint_compression=joint)


def prune(model: Any, **settings: Any) -> Any:
    config = cto.OptimizationConfig(cto.OpMagnitudePrunerConfig(weight_threshold=0, **settings))
    return cto.prune_weights(model, config)


#: Method -> deployment target, what to do, bits of a stored number, and bytes of the layer `deep`
#: (32 × 48 × 3 × 3 = 13824 weights).
SIZE = 32 * 48 * 9
METHODS: dict[str, tuple[str, Any, float, float]] = {
    "float16": ("iOS16", lambda m: m, 16, 2 * SIZE),
    "int8, iOS 16": (
        "iOS16", lambda m: quantize(m, mode="linear_symmetric"), 8, SIZE + 2 * 32 + 32,
    ),
    "int8": ("iOS18", lambda m: quantize(m, mode="linear_symmetric"), 8, SIZE + 2 * 32),
    "int4": (
        "iOS18", lambda m: quantize(m, mode="linear_symmetric", dtype="int4"), 4,
        SIZE / 2 + 2 * 32,
    ),
    "palette of 4 bits, iOS 16": (
        "iOS16", lambda m: palettize(m, mode="uniform", nbits=4), 4, SIZE / 2 + 2 * 16,
    ),
    "palette of 3 bits": (
        "iOS18", lambda m: palettize(m, mode="uniform", nbits=3), 3, SIZE * 3 / 8 + 2 * 8,
    ),
    "half of it left out": (
        "iOS18", lambda m: prune(m, target_sparsity=0.5), 16, SIZE / 8 + SIZE,
    ),
    "half of it left out, the rest in a palette": (
        "iOS18",
        lambda m: palettize(prune(m, target_sparsity=0.5), joint=True, mode="uniform", nbits=4),
        4, SIZE / 8 + SIZE / 4 + 2 * 16,
    ),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_compressed_layer_has_the_bits_and_bytes_of_its_file(method: str, tmp_path: Path) -> None:
    target, compress, bits, payload = METHODS[method]
    source = normalised(GRAPHS["plain"](), tmp_path)
    made, _target = convert(onnx.load(source), tmp_path / "m.mlpackage", target=target)  # type: ignore[arg-type]
    with silently():
        model = ct.models.MLModel(str(made.path), skip_model_load=True)
        compress(model).save(str(tmp_path / "c.mlpackage"))
    context = context_of(source)
    deployable = deploy(Artifact(path=tmp_path / "c.mlpackage", format="mlpackage"), context)
    states = {state.layer: state for state in layers(deployable, context)}
    assert list(states) == [layer.name for layer in source_layers(source)]
    deep = states["deep"]
    assert deep.bits == bits
    assert deep.payload_bytes == math.ceil(payload)
    assert deep.distinct_values <= 2 ** min(bits, 8) * (32 if "int" in method else 1) or bits == 16
    if "half" in method:
        assert deep.sparsity == pytest.approx(0.5, abs=0.01)
    form = to_onnx(deployable, context)
    assert (
        cross_check(list(states.values()), onnx_layer_states(form.path, source_layers(source)))
        == []
    )
    arrays = samples(source)
    rough = 0.8 if bits < 8 or "half" in method else 0.1
    found, wanted = run(onnx.load(form.path), *arrays)[0], run(onnx.load(source), *arrays)[0]
    assert difference(found, wanted) < rough


def test_a_file_of_another_network_lacks_its_layers(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    one, other = (
        normalised(GRAPHS["fixed_batch"](), folders[0]),
        normalised(GRAPHS["residual"](), folders[1]),
    )
    made, _target = convert(onnx.load(one), tmp_path / "m.mlpackage")
    with pytest.raises(UnsupportedError, match="right, fc"):
        layers(made, context_of(other))


def test_weights_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    source = normalised(GRAPHS["fixed_batch"](), tmp_path)
    model = onnx.load(source)
    tensor = next(t for t in model.graph.initializer if t.name == "stem.weight")
    broken = onnx.numpy_helper.to_array(tensor).copy()
    broken[0, 0, 0, 0] = np.nan
    tensor.CopyFrom(onnx.numpy_helper.from_array(broken, tensor.name))
    with pytest.raises((UnsupportedError, ModelError), match="stem"):
        convert(model, tmp_path / "m.mlpackage", precision="float32")


def test_names_tell_the_place_of_a_layer_after_any_compression() -> None:
    assert place_of("weight_12_features_0_to_fp16_palettized") == 12
    assert place_of("layer_12_features_0_strides_0") is None
    assert place_of("my_weight_3_x") is None
    assert place_of_operator("layer_3_fc_cast_fp16") == 3


def test_each_use_of_a_shared_weight_is_the_next_layer(tmp_path: Path) -> None:
    source = source_layers(normalised(GRAPHS["residual"](), tmp_path))
    shared = [layer.model_copy(update={"weight": "same"}) for layer in source[:2]]
    names = LayerNames(shared)
    found = [names("weight_0_stem") for _use in range(3)]
    assert found == [source[0].name, source[1].name, None]
    assert names("no_layer") is None
