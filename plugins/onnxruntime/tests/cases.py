"""Turn every offer of the backend into steps: each accepted value of each setting at least once."""

from __future__ import annotations

from typing import Any

from boildown import Offer, Range, Step
from boildown.recipe.steps import STEP_MODELS
from boildown_onnxruntime.hooks import backend_info

#: Numbers that stand for a range, its ends included where a step may have them.
_WITHIN = {"sparsity": (0.25, 0.9), "threshold": (0.05, 0.2), "values": (2, 5, 16, 256)}
_WORDS = {"n:m": ("2:4", "1:3")}


def steps_of(offer: Offer) -> list[Step]:
    """Return steps that take up an offer; the other settings stay at the first accepted value."""
    choices = {name: _choices(name, entry) for name, entry in offer.accepts.items() if entry != ()}
    plain = {name: values[0] for name, values in choices.items()}
    varied = [{**plain, name: v} for name, values in choices.items() for v in values[1:]]
    return [STEP_MODELS[offer.op](**_given(settings)) for settings in [plain, *varied]]


def _choices(name: str, entry: Any) -> list[Any]:
    values = _WITHIN[name] if isinstance(entry, Range) else entry
    return [each for value in values for each in _WORDS.get(value, (value,))]


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


def label(step: Step) -> str:
    """Return a step as the words that a reader of a test's name needs."""
    words = [f"{name}={value}" for name, value in step.demands().items()]
    return "-".join([step.op, *words])


STEPS = list(
    {label(step): step for offer in backend_info().offers for step in steps_of(offer)}.values()
)
