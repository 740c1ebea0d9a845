"""YAML read strictly: what it holds, where it stands, and what is refused."""

from __future__ import annotations

import pytest
from boildown.recipe.problems import Place
from boildown.recipe.yaml_tree import MAX_DEPTH, MAX_NODES, Document, parse_yaml


def only_problem(text: str) -> tuple[str, int, int]:
    document = parse_yaml(text)
    (problem,) = document.problems
    place = document.places.of(problem)
    return problem.message, place.line, place.column


def test_a_document_becomes_plain_data() -> None:
    document = parse_yaml("a: [1, 'x', {b: 1e-3}]\nc:\n  - d\n  -\n")
    assert document.value == {"a": [1, "x", {"b": 0.001}], "c": ["d", None]}
    assert not document.problems
    assert document.complete


def test_every_key_and_value_keeps_its_place() -> None:
    places = parse_yaml("a: 1\nb:\n  - x\n  - {c: 2}\n").places
    assert places.keys["b",] == Place(2, 1)
    assert places.values["b", 0] == Place(3, 5)
    assert places.keys["b", 1, "c"] == Place(4, 6)
    assert places.values["b", 1, "c"] == Place(4, 9)


def test_an_empty_value_stands_where_its_key_stands() -> None:
    assert parse_yaml("a:\n\n\nb: 1\n").places.values["a",] == Place(1, 1)


def test_quoted_words_stay_text() -> None:
    assert parse_yaml("a: 'off'\nb: \"1\"\nc: 'null'\nd: |\n  1\n").value == {
        "a": "off",
        "b": "1",
        "c": "null",
        "d": "1\n",
    }


def test_a_duplicate_key_is_named_with_the_line_of_the_first() -> None:
    assert only_problem("a: 1\nb: 2\na: 3\n") == (
        "the key appears a second time (first in line 1); keep one",
        3,
        1,
    )


def test_the_same_key_in_two_mappings_is_no_duplicate() -> None:
    assert not parse_yaml("- {a: 1}\n- {a: 2}\n").problems


@pytest.mark.parametrize(
    ("text", "part", "line", "column"),
    [
        ("a:\n\tb: 1\n", "a tab cannot indent", 2, 1),
        ("a: b: c\n", "a colon is not expected", 1, 5),
        ("a: 'b\n", "not closed", 2, 1),
        ("a: [1, 2\n", "closing bracket", 2, 1),
        ("a: [1,", "bracket is not closed", 1, 7),
        ("a: @b\n", "cannot begin with this character", 1, 4),
        ("a: b\n c: d\n", "a colon is not expected", 2, 3),
        ("a:\n  - b\n c: d\n", "indentation does not match", 3, 2),
        ("a:\n  b: 1\nkey\n", "a key without its colon", 4, 1),
        ("a: *\n", "must stand in quotes", 1, 5),
        ("%YAML 2.0\n---\na: 1\n", "YAML 1.2", 1, 1),
        ("a: !<x\n", "not valid YAML", 1, 7),
        ("a: \x01\n", "U+0001", 1, 4),
        ("a: 1\nb: \x00\n", "U+0000", 2, 4),
        ('a: 1\nb: "\\UFFFFFFFF"\n', "names no character", 2, 1),
        ('b: "\\U00110000"\n', "names no character", 1, 1),
    ],
)
def test_broken_yaml_is_explained_in_plain_words(
    text: str, part: str, line: int, column: int
) -> None:
    message, *place = only_problem(text)
    assert part in message
    assert place == [line, column]
    assert not parse_yaml(text).complete


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_is_told_what_a_recipe_has(text: str) -> None:
    assert "the file is empty" in only_problem(text)[0]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: &x 1\n", "anchors (&x)"),
        ("a: *x\n", "put a glob in quotes: '*x'"),
        ("a: !!python/object:os.system x\n", "tags (tag:yaml.org,2002:python/object:os.system)"),
        ("a: ! x\n", "tags (!)"),
        ("%TAG !e! tag:e:\n---\na: 1\n", "%TAG"),
        ("%YAML 1.1\n---\na: 1\n", "%YAML"),
        ("1: a\n", "a key must be text"),
        (": a\n", "a key is missing"),
        ("{[a]: b}\n", "a single word"),
        ("a: .nan\n", "finite"),
    ],
)
def test_what_a_recipe_never_needs_is_refused(text: str, part: str) -> None:
    assert part in only_problem(text)[0]


def test_the_same_without_the_forbidden_part_is_fine() -> None:
    assert not parse_yaml("%YAML 1.2\n---\na: '*x'\n'1': a\n'[a]': b\n").problems


def test_a_second_document_is_refused() -> None:
    message, line, _ = only_problem("a: 1\n---\nb: 2\n")
    assert "second document" in message
    assert line == 2


def test_all_faults_are_found_in_one_reading() -> None:
    text = "a: &x 1\nb: *x\nb: 2\nc: .inf\n"
    lines = [problem.place.line for problem in parse_yaml(text).problems if problem.place]
    assert lines == [1, 2, 3, 4]


def nested(levels: int) -> Document:
    return parse_yaml("[" * levels + "]" * levels)


def test_depth_is_bounded() -> None:
    assert nested(MAX_DEPTH + 1).complete
    assert "levels" in nested(MAX_DEPTH + 2).problems[0].message


def test_a_bottomless_file_is_refused_at_once() -> None:
    assert not parse_yaml("[" * 200_000).complete
    assert not parse_yaml("{" * 200_000).complete
    assert not parse_yaml("- " * 100_000).complete


def test_the_number_of_values_is_bounded() -> None:
    fitting = MAX_NODES - 1
    assert parse_yaml("- \n" * fitting).complete
    assert "values" in parse_yaml("- \n" * (fitting + 1)).problems[0].message
