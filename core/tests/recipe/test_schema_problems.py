"""Everything in which data breaks a schema, in words: also for schemas that plugins write."""

from __future__ import annotations

from typing import Any

import pytest
from boildown.recipe.problems import Problem
from boildown.recipe.schema_problems import schema_problems

OPTIONS = {
    "type": "object",
    "properties": {
        "io": {"enum": ["int8", "float32"]},
        "count": {"type": "integer", "minimum": 1},
        "fast": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "title": {"type": "string"},
        "limits": {"type": "object", "properties": {"top": {"type": "number"}}},
    },
    "required": ["io"],
    "additionalProperties": False,
}


def messages(value: object, schema: Any = OPTIONS) -> list[str]:
    return [problem.message for problem in schema_problems(value, schema)]


def test_right_data_has_no_problems() -> None:
    assert messages({"io": "int8", "count": 2, "fast": True, "names": ["a"]}) == []


def test_all_problems_are_found_with_their_trails() -> None:
    found = schema_problems({"io": "int9", "names": ["a", 1]}, OPTIONS, ("with", "x"))
    assert [problem.trail for problem in found] == [("with", "x", "io"), ("with", "x", "names", 1)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "the key 'io' is missing (one of int8, float32)"),
        ({"io": "int9"}, "must be one of int8, float32, not 'int9'; did you mean 'int8'?"),
        ({"io": "INT8"}, "must be one of int8, float32, not 'INT8'; did you mean 'int8'?"),
        ({"io": "zzz"}, "must be one of int8, float32, not 'zzz'"),
        ({"io": "int8", "cuont": 1}, "unknown key; did you mean 'count'?"),
        ({"io": "int8", "top": 1}, "unknown key here; it belongs inside 'limits', one level deep"),
        ({"io": "int8", "zz": 1}, "unknown key; known are io, count, fast, names, title, limits"),
        (
            {"io": "int8", "count": "3"},
            "must be a whole number of at least 1, not '3'; write it wi",
        ),
        ({"io": "int8", "count": ".inf"}, "must be a whole number of at least 1, not '.inf'"),
        ({"io": "int8", "count": 0}, "must be a whole number of at least 1, not 0"),
        ({"io": "int8", "count": True}, "must be a whole number of at least 1, not true"),
        ({"io": "int8", "fast": "on"}, "must be true or false, not 'on'; did you mean true?"),
        ({"io": "int8", "fast": None}, "must be true or false, not nothing"),
        ({"io": "int8", "names": "a"}, "must be a list, each item text, not 'a'; write [a]"),
        ({"io": "int8", "names": 1}, "must be a list, each item text, not 1; write [1]"),
        ({"io": "int8", "title": 8}, "must be text, not 8; put it in quotes: '8'"),
        ({"io": "int8", "limits": []}, "must be a mapping with keys of top, not an empty list"),
        (
            {"io": "int8", "limits": "top"},
            "must be a mapping with keys of top, not 'top'; write 't",
        ),
    ],
)
def test_a_problem_is_said_once_and_in_the_users_words(value: object, message: str) -> None:
    (said,) = messages(value)
    assert said.startswith(message)


def test_a_value_that_no_hint_fits_gets_none() -> None:
    assert messages({"io": "zzz"}) == ["must be one of int8, float32, not 'zzz'"]


UNION = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"train": {}}, "additionalProperties": False},
        {"type": "null"},
    ]
}


def test_inside_a_mapping_only_the_fitting_alternative_speaks() -> None:
    assert messages({"tarin": 1}, UNION) == ["unknown key; did you mean 'train'?"]


def test_a_value_that_fits_no_alternative_is_told_them_all() -> None:
    assert messages(3, UNION) == ["must be text, or a mapping with keys of train, not 3"]


def test_alternatives_written_as_one_of_are_said_alike() -> None:
    schema = {"oneOf": [{"const": "a"}, {"type": "integer"}]}
    assert messages("b", schema) == ["must be a, or a whole number, not 'b'"]


def test_exactly_one_key_of_several() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {}, "b": {}}}
    schema |= {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert messages({"a": 1}, schema) == []
    assert messages({}, schema) == ["must have exactly one of a, b, and has none of them"]
    assert messages({"a": 1, "b": 1}, schema) == [
        "must have exactly one of a, b, not a and b together"
    ]
    assert len(messages("text", schema)) == 1


@pytest.mark.parametrize(
    "condition",
    [
        {"not": {"required": ["io"]}},
        {"anyOf": [{"required": ["fast"]}, {"required": ["count"]}]},
        {"oneOf": [{"minProperties": 7}, {"required": ["count"]}]},
    ],
)
def test_other_conditions_are_still_refused(condition: dict[str, Any]) -> None:
    assert len(messages({"io": "int8"}, {**OPTIONS, **condition})) == 1


def test_keys_that_a_pattern_allows_are_not_unknown() -> None:
    schema = {"type": "object", "patternProperties": {"^x-": {}}, "additionalProperties": False}
    assert messages({"x-a": 1, "b": 2}, schema) == ["unknown key; there are none here"]


def test_a_schema_that_accepts_nothing_is_said_too() -> None:
    assert messages({"a": 1}, {"properties": {"a": False}}) != []


def test_the_number_of_problems_is_bounded() -> None:
    found = schema_problems([1] * 9000, {"type": "array", "items": {"type": "string"}})
    assert 100 < len(found) < 1000
    assert isinstance(found[0], Problem)
