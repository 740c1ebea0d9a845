from __future__ import annotations

import pytest
from boildown import select_layers
from boildown.errors import RecipeError
from boildown.model.layers import Layer


def layer(name: str, op: str = "Conv", size: int = 100, weight: str = "") -> Layer:
    return Layer(name=name, node=name, op=op, weight=weight or name, shape=(1, size), axis=0)


LAYERS = [
    layer("features.0", size=100),
    layer("features.1", size=5000),
    layer("up", "ConvTranspose", 2048),
    layer("head[0]", "Gemm", 2047),
]


def names(*include: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return [item.name for item in select_layers(LAYERS, include, exclude)]


def test_without_patterns_every_layer_is_taken() -> None:
    assert names() == [item.name for item in LAYERS]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("features.*", ["features.0", "features.1"]),
        ("features.?", ["features.0", "features.1"]),
        ("head[0]", ["head[0]"]),
        ("type:Conv", ["features.0", "features.1"]),
        ("type:Conv*", ["features.0", "features.1", "up"]),
        ("size<2048", ["features.0", "head[0]"]),
        ("size <= 2_048", ["features.0", "up", "head[0]"]),
        ("size>2048", ["features.1"]),
        ("size>=2048", ["features.1", "up"]),
        ("size=2048", ["up"]),
        ("size==2048", ["up"]),
    ],
)
def test_a_pattern_takes_what_it_says(pattern: str, expected: list[str]) -> None:
    assert names(pattern) == expected


def test_exclude_wins_over_include() -> None:
    assert names("type:Conv*", exclude=("features.*",)) == ["up"]


def test_patterns_tell_capitals_from_small_letters() -> None:
    with pytest.raises(RecipeError, match="'Features"):
        names("Features.*")


def test_every_pattern_without_a_match_is_named_with_the_nearest_layer() -> None:
    with pytest.raises(RecipeError) as caught:
        names("feature.0", exclude=("type:LSTM", "size>9999"))
    text = str(caught.value)
    assert "'feature.0' matches none of the 4 layers; the nearest is 'features.0'" in text
    assert "there are type:Conv, type:ConvTranspose, type:Gemm" in text
    assert "they hold 100 to 5000 weights" in text


def test_leaving_nothing_is_an_error() -> None:
    with pytest.raises(RecipeError, match="leave none of the 4 layers"):
        names("up", exclude=("type:*",))


def test_a_pattern_on_a_model_without_layers_is_an_error_but_no_pattern_is_not() -> None:
    assert select_layers([]) == []
    with pytest.raises(RecipeError, match="no layer with a constant weight"):
        select_layers([], ["*"])


def test_layers_that_share_a_weight_go_together() -> None:
    shared = [layer("a", weight="w"), layer("b", weight="w"), layer("c")]
    assert len(select_layers(shared, ["a", "b"])) == 2
    with pytest.raises(RecipeError, match="'b' is left out but shares the weight 'w' with 'a'"):
        select_layers(shared, ["a"])
