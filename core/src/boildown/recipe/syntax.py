"""Say in plain words why a file is not YAML: the parser's own words are those of its grammar."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from .problems import Place, Problem

#: A part of the parser's message -> what to tell the user, the first that fits.
_PLAIN_WORDS = (
    ("found character '\\t'", "a tab cannot indent YAML; use spaces"),
    (
        "mapping values are not allowed",
        "a colon is not expected here; check the indentation, or put the text in quotes",
    ),
    ("could not find expected ':'", "a key without its colon; write `key: value`"),
    ("expected <block end>", "the indentation does not match the lines above"),
    ("cannot start any token", "text cannot begin with this character; put it in quotes"),
    ("found unexpected end of stream", "a quote is opened but not closed"),
    ("expected ',' or", "a list or mapping in brackets lacks its comma or closing bracket"),
    ("expected the node content", "a value is missing, or a bracket is not closed"),
    ("expected alphabetic or numeric", "text that begins with '*' or '&' must stand in quotes"),
    ("incompatible YAML document", "recipes are YAML 1.2; remove the %YAML line"),
)


def syntax_problem(error: Exception, text: str, last: Place) -> Problem:
    """Turn an error of the parser into a problem; `last` is the last place that was well."""
    if isinstance(error, ReaderError):
        return _forbidden_character(error, text)
    if not isinstance(error, MarkedYAMLError):
        return Problem((), "an escape sequence names no character", place=last)
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else last
    said = f"{error.context or ''} {error.problem or ''}".strip()
    for part, words in _PLAIN_WORDS:
        if part in said:
            return Problem((), words, place=place)
    return Problem((), f"not valid YAML: {said}", place=place)


def _forbidden_character(error: ReaderError, text: str) -> Problem:
    before = text[: error.position]
    place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    code = error.character if isinstance(error.character, int) else ord(error.character)
    return Problem((), f"the control character U+{code:04X} is not allowed in YAML", place=place)
