"""Recipes for the tiny model."""

from __future__ import annotations

from typing import Any

from boildown import Recipe


def recipe(name: str = "half", **more: Any) -> Recipe:
    """Return one with a step to float16, to which `step` adds."""
    step = {"op": "quantize", "weights": "float16"} | more.pop("step", {})
    return Recipe.model_validate({"name": name, "steps": [step], **more})
