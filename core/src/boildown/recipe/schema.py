"""The JSON schema of a recipe *file*, for editors and for the loader, from the models themselves.

A file writes a step as `quantize: {…}` with `with` beside it, where the model keeps the operation
in a field; apart from that the two are the same, so the schema is derived, never written twice.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from .recipe import LIMITS, Recipe
from .steps import OPS, STEP_MODELS, Op


def recipe_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a recipe file.

    It holds keys, types, words and ranges. What binds two settings together ("exactly one of
    'bits' and 'values'") is checked by `load_recipe` on top of it.
    """
    return copy.deepcopy(_schema())


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    schema = Recipe.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    settings_by_backend: dict[str, Any] = {}
    for model in STEP_MODELS.values():
        properties = definitions[model.__name__]["properties"]
        del properties["op"]
        settings_by_backend = properties.pop("with")
    definitions["Step"] = _step(settings_by_backend)
    schema["properties"]["steps"]["items"] = {"$ref": "#/$defs/Step"}
    schema["properties"]["limits"] = {
        "type": "object",
        "description": "Bounds on a row's figures; they set its verdict and the exit code.",
        "properties": {
            name: {"type": "number", "description": f"The {bound} that passes."}
            for name, bound in LIMITS.items()
        },
        "additionalProperties": False,
    }
    schema["required"] = ["recipe", "name", "steps"]
    del schema["properties"]["recipe"]["default"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _step(settings_by_backend: dict[str, Any]) -> dict[str, Any]:
    operations = {op: _settings(op, model) for op, model in STEP_MODELS.items()}
    description = "Settings for single toolkits, by backend name; each backend checks its own."
    return {
        "title": "Step",
        "type": "object",
        "description": "One operation with its settings.",
        "properties": {**operations, "with": {**settings_by_backend, "description": description}},
        "additionalProperties": False,
        "oneOf": [{"required": [op]} for op in OPS],
    }


def _settings(op: Op, model: type[BaseModel]) -> dict[str, Any]:
    link = {"$ref": f"#/$defs/{model.__name__}"}
    try:
        model.model_validate({"op": op})
    except ValidationError:
        return link
    return {"anyOf": [link, {"type": "null"}]}
