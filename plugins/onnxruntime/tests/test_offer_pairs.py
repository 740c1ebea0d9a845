"""An offer is a product: any two of its values work together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Offer, Step
from boildown.recipe.steps import STEP_MODELS
from boildown_onnxruntime.hooks import backend_info

from .cases import _choices, _given, label
from .conftest import Kit, shipped, states

Settings = tuple[tuple[str, Any], ...]


def pairs(settings: Settings) -> set[Settings]:
    return {*itertools.combinations(settings, 2)}


def pairwise(choices: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield few combinations in which each two values of different settings meet."""
    names = [*choices]
    every: list[Settings] = [
        tuple(zip(names, values, strict=True)) for values in itertools.product(*choices.values())
    ]
    open_pairs = set().union(*map(pairs, every))
    while open_pairs:
        best = max(every, key=lambda settings: len(pairs(settings) & open_pairs))
        open_pairs -= pairs(best)
        yield dict(best)


def steps_of(offer: Offer) -> list[Step]:
    choices = {name: _choices(name, entry) for name, entry in offer.accepts.items() if entry != ()}
    return [STEP_MODELS[offer.op](**_given(settings)) for settings in pairwise(choices)]


STEPS = {label(step): step for offer in backend_info().offers for step in steps_of(offer)}


def test_any_two_values_meet_in_few_combinations() -> None:
    choices = {"a": [1, 2, 3], "b": [4, 5], "c": [6, 7, 8], "d": [9, 0]}
    made = [*pairwise(choices)]
    assert len(made) < 13 < 3 * 2 * 3 * 2
    for one, other in itertools.combinations(choices, 2):
        met = {(settings[one], settings[other]) for settings in made}
        assert met == {*itertools.product(choices[one], choices[other])}


@pytest.mark.parametrize("name", STEPS)
def test_two_values_of_an_offer_work_together(name: str, kit: Callable[..., Kit]) -> None:
    made = kit("two_inputs")
    result = made.run(STEPS[name])
    onnx.checker.check_model(onnx.load(path := shipped(result)), full_check=True)
    before, after = made.weights(), made.weights(path)
    assert {*states(result)} == {*before}
    changed = [layer for layer in before if not np.array_equal(before[layer], after[layer])]
    assert changed or "values=256" in name  # more than a channel has weights
    assert path.stat().st_size < made.source.stat().st_size
    assert np.isfinite(made.output(path)).all()
