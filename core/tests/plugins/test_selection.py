from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from boildown import Artifact, Context, Prune, Quantize, selected_layers
from boildown.errors import RecipeError
from boildown.recipe.steps import Layers
from onnx import helper


def context(path: Path) -> Context:
    return Context(workdir=path.parent, original=Artifact(path=path))


def test_a_step_touches_all_layers_of_the_source_or_those_it_names(model_path: Path) -> None:
    given = context(model_path)
    names = [layer.name for layer in selected_layers(Prune(sparsity=0.5), given)]
    assert names == ["conv", "fc"]
    chosen = Quantize(layers=Layers(include=("type:Gemm",)))
    assert [layer.name for layer in selected_layers(chosen, given)] == ["fc"]


def test_a_weight_that_two_nodes_use_is_one_layer_to_change(
    tiny: onnx.ModelProto, model_path: Path
) -> None:
    tiny.graph.node.append(helper.make_node("Conv", ["x", "conv.weight"], ["other"], "again"))
    onnx.save(tiny, model_path)
    found = selected_layers(Prune(sparsity=0.5), context(model_path))
    assert sorted(layer.name for layer in found) == ["conv", "fc"]


def test_a_pattern_that_matches_nothing_is_an_error(model_path: Path) -> None:
    with pytest.raises(RecipeError, match="nearest is 'conv'"):
        selected_layers(Quantize(layers=Layers(include=("cov",))), context(model_path))
