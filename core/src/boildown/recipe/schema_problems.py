"""Find everything in which plain data breaks a JSON schema, each said once and in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ..nearest import did_you_mean, nearest
from .expectation import Schema, branches, expectation, kinds, kinds_of, shown, words
from .problems import Problem, Trail
from .scalars import resolve_scalar

#: Beyond this many a file is wrong altogether, and finding the rest only costs time.
_MOST_FOUND = 200
_MEANT = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def schema_problems(value: object, schema: Schema, trail: Trail = ()) -> list[Problem]:
    """Return what is wrong with `value` under `schema` (draft 2020-12), trails below `trail`."""
    errors = islice(Draft202012Validator(schema).iter_errors(value), _MOST_FOUND)
    return list(dict.fromkeys(_all_problems(errors, schema, trail)))


class _Fault(NamedTuple):
    """What jsonschema reports, with the types that it has in fact."""

    keyword: str
    limit: Any
    value: Any
    schema: Schema
    trail: Trail
    #: Errors inside the alternatives, with the number of the alternative.
    inner: list[tuple[int, ValidationError]]
    #: What jsonschema itself says.
    message: str


def _fault(error: ValidationError, trail: Trail) -> _Fault:
    return _Fault(
        keyword=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        trail=(*trail, *error.relative_path),
        inner=[(int(e.relative_schema_path[0]), e) for e in error.context or ()],
        message=error.message,
    )


def _all_problems(
    errors: Iterable[ValidationError], root: Schema, trail: Trail
) -> Iterator[Problem]:
    for error in errors:
        fault = _fault(error, trail)
        yield from _SENTENCES.get(fault.keyword, _own_words)(fault, root)


def _unknown_keys(fault: _Fault, root: Schema) -> Iterator[Problem]:
    known: Mapping[str, Any] = fault.schema.get("properties", {})
    patterns = fault.schema.get("patternProperties", ())
    for key in fault.value:
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        message = f"unknown key{did_you_mean(key, known)}"
        owners = [
            name
            for name, inner in known.items()
            if any(key in branch.get("properties", {}) for branch in branches(inner, root))
        ]
        if owners:
            there = [name for name in owners if name in fault.value] or owners
            message = f"unknown key here; it belongs inside {there[0]!r}, one level deeper"
        elif message == "unknown key":
            message += f"; known are {', '.join(known)}" if known else "; there are none here"
        yield Problem((*fault.trail, key), message, at="key")


def _missing_keys(fault: _Fault, root: Schema) -> Iterator[Problem]:
    for key in fault.limit:
        if key not in fault.value:
            wanted = expectation(fault.schema.get("properties", {}).get(key), root)
            yield Problem(fault.trail, f"the key {key!r} is missing ({wanted})")


def _alternatives(fault: _Fault, root: Schema) -> Iterator[Problem]:
    if "properties" in fault.schema:
        yield from _condition(fault, root)
        return
    # Inside a mapping or list only the branch that takes such a value has something to say.
    fitting = [
        index
        for index, branch in enumerate(branches({"anyOf": fault.limit}, root))
        if kinds_of(fault.value) & kinds(branch)
    ]
    if isinstance(fault.value, Mapping | list) and len(fitting) == 1:
        inner = [error for branch, error in fault.inner if branch == fitting[0]]
        yield from _all_problems(inner, root, fault.trail)
    else:
        yield from _wrong_value(fault, root)


def _condition(fault: _Fault, root: Schema) -> Iterator[Problem]:
    if not isinstance(fault.value, Mapping):  # its type is another error already
        return
    choices = [branch.get("required", [None])[0] for branch in fault.limit]
    if fault.keyword != "oneOf" or None in choices:
        yield from _own_words(fault, root)
        return
    found = [key for key in choices if key in fault.value]
    have = f"not {' and '.join(found)} together" if found else "and has none of them"
    yield Problem(fault.trail, f"must have exactly one of {', '.join(choices)}, {have}")


def _own_words(fault: _Fault, _root: Schema) -> Iterator[Problem]:
    yield Problem(fault.trail, fault.message)


def _wrong_value(fault: _Fault, root: Schema) -> Iterator[Problem]:
    wanted = expectation(fault.schema, root)
    hint = _hint(fault.value, fault.schema, root)
    yield Problem(fault.trail, f"must be {wanted}, not {shown(fault.value)}{hint}")


def _hint(value: object, schema: Schema, root: Schema) -> str:
    wanted = {kind for branch in branches(schema, root) for kind in kinds(branch)}
    if isinstance(value, str):
        return _hint_for_text(value, wanted, schema, root)
    if isinstance(value, Mapping | list) or value is None:
        return ""
    if _takes_one_item(schema, root):
        return f"; write [{shown(value)}]"
    texts = any(kinds(b) == {"string"} and "enum" not in b for b in branches(schema, root))
    return f"; put it in quotes: '{shown(value)}'" if texts and wanted <= {"string", "null"} else ""


def _hint_for_text(text: str, wanted: set[str], schema: Schema, root: Schema) -> str:
    known = list(words(schema, root))
    if near := nearest(text, known) or nearest(text.lower().replace("_", "-"), known):
        return f"; did you mean {near!r}?"
    if "boolean" in wanted and text.lower() in _MEANT:
        return f"; did you mean {_MEANT[text.lower()]}?"
    if _reads_as(text) & wanted & {"integer", "number"}:
        return "; write it without quotes"
    if _takes_one_item(schema, root):
        return f"; write [{text}]"
    keys = [key for branch in branches(schema, root) for key in branch.get("properties", {})]
    return f"; write '{text}:' with its settings below" if text in keys else ""


def _takes_one_item(schema: Schema, root: Schema) -> bool:
    lists = [branch for branch in branches(schema, root) if "array" in kinds(branch)]
    return any("prefixItems" not in branch for branch in lists)


def _reads_as(text: str) -> set[str]:
    try:
        return kinds_of(resolve_scalar(text))
    except ValueError:
        return set()


_SENTENCES: dict[str, Callable[[_Fault, Schema], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "anyOf": _alternatives,
    "oneOf": _alternatives,
    **dict.fromkeys(
        (
            *("type", "enum", "const", "pattern", "minLength", "minItems", "maxItems"),
            *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        ),
        _wrong_value,
    ),
}
