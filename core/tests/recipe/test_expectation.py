"""JSON schemas in words."""

from __future__ import annotations

from typing import Any

import pytest
from boildown.recipe.expectation import expectation, kinds_of, resolve, shown

ROOT = {"$defs": {"Size": {"type": "integer", "minimum": 2}, "Loop": {"$ref": "#/$defs/Loop"}}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 8}, "a whole number from 1 to 8"),
        ({"type": "integer", "minimum": 2}, "a whole number of at least 2"),
        ({"type": "number", "exclusiveMinimum": 0}, "a number above 0"),
        ({"type": "number", "maximum": 1}, "a number of at most 1"),
        (
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "a number above 0 and below 1",
        ),
        ({"type": "number"}, "a number"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 1}, "text that is not empty"),
        ({"type": "string", "pattern": "^a$"}, "text that matches ^a$"),
        ({"type": "string", "pattern": "^a$", "description": "an a"}, "an a"),
        ({"type": "null"}, "nothing"),
        ({"type": ["string", "integer", "null"]}, "a whole number or text"),
        ({"enum": ["int8", "int4"]}, "one of int8, int4"),
        ({"enum": ["int8"]}, "int8"),
        ({"enum": [1, None, True]}, "one of 1, nothing, true"),
        ({"const": 1}, "1"),
        ({"type": "object"}, "a mapping"),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, "a mapping with keys of a, b"),
        ({"type": "array"}, "a list"),
        ({"type": "array", "items": {"type": "string"}}, "a list, each item text"),
        ({"type": "array", "minItems": 1}, "a list of at least 1 item"),
        ({"type": "array", "minItems": 2}, "a list of at least 2 items"),
        (
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]},
            "a list of 2 items, each a number",
        ),
        (
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]},
            "a list of 2 items, a number; text",
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a whole number"),
        ({"oneOf": [{"enum": ["a", "b"]}, {"type": "number"}]}, "one of a, b, or a number"),
        ({"$ref": "#/$defs/Size"}, "a whole number of at least 2"),
        ({"$ref": "#/$defs/None"}, "a valid value"),
        ({"$ref": "#/$defs/Loop"}, "a valid value"),
        ({"$ref": "https://example.org/schema"}, "a valid value"),
        (True, "a valid value"),
        ({}, "a valid value"),
    ],
)
def test_a_schema_is_said_in_words(schema: Any, words: str) -> None:
    assert expectation(schema, ROOT) == words


def test_a_schema_that_contains_itself_is_said_without_end() -> None:
    root = {"$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
    assert expectation({"$ref": "#/$defs/Tree"}, root).endswith("each item a list")


def test_a_reference_is_followed_to_what_it_names() -> None:
    assert resolve({"$ref": "#/$defs/Size"}, ROOT) == ROOT["$defs"]["Size"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (0.5, "0.5"),
        ("a", "'a'"),
        ({}, "an empty mapping"),
        ({"a": 1}, "a mapping"),
        ([], "an empty list"),
        ([1], "a list"),
        ("x" * 100, "'" + "x" * 59 + "…"),
    ],
)
def test_a_value_is_shown_as_in_yaml_and_never_long(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_whole_float_counts_as_whole_and_true_is_no_number() -> None:
    assert kinds_of(3.0) == {"integer", "number"}
    assert kinds_of(3.5) == {"number"}
    assert kinds_of(value=True) == {"boolean"}
    assert kinds_of([]) == {"array"}
