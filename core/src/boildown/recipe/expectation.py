"""Say in a few words what a JSON schema expects, and what was found instead.

Validators speak of branches, types and patterns; a user wants to read "a whole number from 1 to
1000". The words come from the schema itself, so they cannot drift from what is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_DEEPEST = 3
_LONGEST_VALUE = 60
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def resolve(schema: object, root: Schema) -> Schema:
    """Follow `$ref: '#/…'` within `root`; what cannot be followed expects nothing known."""
    steps = 0
    while isinstance(schema, Mapping) and isinstance(link := schema.get("$ref"), str):
        steps += 1
        found: object = root
        for part in link.removeprefix("#").strip("/").split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        schema = found if steps <= _DEEPEST else None
    return schema if isinstance(schema, Mapping) else {}


def branches(schema: object, root: Schema) -> list[Schema]:
    """Return the alternatives of a schema, resolved; a schema without any is its own only one."""
    resolved = resolve(schema, root)
    if "properties" in resolved:  # `anyOf` beside properties only adds a condition
        return [resolved]
    alternatives = resolved.get("anyOf") or resolved.get("oneOf") or [resolved]
    return [resolve(branch, root) for branch in alternatives]


def kinds(schema: Schema) -> set[str]:
    """Return the JSON types that a schema without alternatives accepts; empty: any."""
    named = schema.get("type", [])
    if named:
        return {named} if isinstance(named, str) else set(named)
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return {kind for value in values for kind in kinds_of(value)}


def kinds_of(value: object) -> set[str]:
    """Return the JSON types that a value has; a whole number is also a number."""
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return {"integer", "number"}
    if isinstance(value, float):
        return {"number"}
    if isinstance(value, str):
        return {"string"}
    if value is None:
        return {"null"}
    return {"object"} if isinstance(value, Mapping) else {"array"}


def words(schema: object, root: Schema) -> Iterator[str]:
    """Yield every text that a schema names as a value, to find the nearest to a misspelt one."""
    for branch in branches(schema, root):
        named = branch.get("enum", [branch["const"]] if "const" in branch else [])
        yield from (value for value in named if isinstance(value, str))


def expectation(schema: object, root: Schema, depth: int = 0) -> str:
    """Describe what a schema accepts, to stand behind "must be"; null goes without saying."""
    every = branches(schema, root)
    told = [branch for branch in every if kinds(branch) != {"null"}] or every
    return ", or ".join(dict.fromkeys(_one(branch, root, depth) for branch in told))


def _one(schema: Schema, root: Schema, depth: int) -> str:
    named = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if named:
        values = [v if isinstance(v, str) else shown(v) for v in named]
        return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    kind = sorted(kinds(schema) - {"null"}) or sorted(kinds(schema))
    if not kind:
        return "a valid value"
    if len(kind) > 1:
        return " or ".join(_TYPES.get(name, name) for name in kind)
    return _of_kind(kind[0], schema, root, depth)


def _of_kind(kind: str, schema: Schema, root: Schema, depth: int) -> str:
    if kind == "object":
        keys = ", ".join(schema.get("properties", {}))
        return f"a mapping with keys of {keys}" if keys else "a mapping"
    if kind == "array":
        return _list(schema, root, depth)
    if kind == "string":
        if "pattern" in schema:
            return str(schema.get("description") or f"text that matches {schema['pattern']}")
        return "text that is not empty" if schema.get("minLength") else "text"
    return f"{_TYPES[kind]}{_bounds(schema)}"


def _list(schema: Schema, root: Schema, depth: int) -> str:
    if depth >= _DEEPEST:
        return "a list"
    if fixed := schema.get("prefixItems"):
        items = [expectation(item, root, depth + 1) for item in fixed]
        same = f"each {items[0]}" if len(set(items)) == 1 else "; ".join(items)
        return f"a list of {len(items)} items, {same}"
    least = schema.get("minItems", 0)
    size = f" of at least {least} item{'s' * (least > 1)}" if least else ""
    each = (
        f", each item {expectation(schema['items'], root, depth + 1)}" if "items" in schema else ""
    )
    return f"a list{size}{each}"


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    low = f"of at least {least}" if least is not None else f"above {above}"
    high = f"of at most {most}" if most is not None else f"below {below}"
    said = [low] * (least is not None or above is not None)
    said += [high] * (most is not None or below is not None)
    return f" {' and '.join(said)}" if said else ""


def shown(value: object) -> str:
    """Show a value as it would stand in YAML, cut to half a line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
