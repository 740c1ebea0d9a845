"""The one spelling of a chain of steps that cache keys are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .steps import Step


def canonical(steps: Sequence[Step], backend: str) -> str:
    """Return what of a chain decides the numbers of one backend's job, as JSON text.

    Defaults are filled in and keys sorted, so two spellings of one chain are one text; `with` is
    cut to `backend`. What only names or judges a result (name, description, limits, allow) is
    no part of it, and model, data and seed are hashed by their content elsewhere.
    """
    plain = []
    for step in steps:
        settings = step.model_dump(mode="json", by_alias=True)
        settings["with"] = step.with_.get(backend, {})
        plain.append(settings)
    return json.dumps(plain, sort_keys=True, ensure_ascii=True, allow_nan=False)
