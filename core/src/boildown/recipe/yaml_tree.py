"""Read YAML strictly into plain data that remembers the place of every key and value.

Works on the parser's events: nothing is constructed, so nothing in a file can run, and anchors,
tags, duplicate keys and excessive depth are seen before any memory is spent on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from .problems import Place, Places, Problem, Trail
from .scalars import resolve_scalar
from .syntax import syntax_problem

MAX_DEPTH = 32
MAX_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, the place of everything, and what is wrong with its YAML."""

    value: object = None
    places: Places = field(default_factory=Places)
    problems: list[Problem] = field(default_factory=list)
    #: Values that are wrong already, about which nothing more needs saying.
    unreadable: set[Trail] = field(default_factory=set)
    #: False where reading stopped half-way, so that `value` means nothing.
    complete: bool = True


def parse_yaml(text: str) -> Document:
    """Parse one YAML 1.2 document; what is wrong stands in its `problems`, nothing is raised."""
    parser = YAML(typ="safe", pure=True)
    reader = _Reader(parser.parse(text))
    try:
        value = reader.document()
    except _StopReading as stop:
        stopped = stop.problem
    # ValueError and OverflowError: escapes such as "\UFFFFFFFF" that name no character.
    except (YAMLError, ValueError, OverflowError) as error:
        stopped = syntax_problem(error, text, reader.last)
    else:
        return Document(value, reader.places, reader.problems, reader.unreadable)
    return Document(None, reader.places, [*reader.problems, stopped], complete=False)


class _StopReading(Exception):  # noqa: N818 - it never leaves this file
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Reader:
    def __init__(self, events: Iterator[Event]) -> None:
        self.events = events
        self.places = Places()
        self.problems: list[Problem] = []
        self.unreadable: set[Trail] = set()
        self.last = Place(1, 1)
        self.nodes = 0

    def next(self) -> Event:
        event = next(self.events)
        self.last = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        return event

    def document(self) -> object:
        while isinstance(event := self.next(), StreamStartEvent):
            pass
        if isinstance(event, StreamEndEvent):
            self.stop(
                (), "the file is empty; a recipe has at least 'recipe: 1', 'name' and 'steps'"
            )
        if isinstance(event, DocumentStartEvent):
            if event.version not in {None, (1, 2)}:
                self.blame((), "recipes are YAML 1.2; remove the %YAML line")
            if event.tags:
                self.blame((), "tags are not read; remove the %TAG line")
        value = self.node(self.next(), ())
        self.next()  # the end of the document
        if not isinstance(self.next(), StreamEndEvent):
            self.stop((), "a second document begins here; a file holds one recipe")
        return value

    def node(self, event: Event, trail: Trail) -> object:
        self.places.values.setdefault(trail, self.last)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.stop((), f"the file holds more than {MAX_NODES} values; no recipe is that long")
        if len(trail) > MAX_DEPTH:
            self.stop((), f"nested deeper than {MAX_DEPTH} levels; no recipe is that deep")
        self.check_properties(event, trail)
        if isinstance(event, AliasEvent):
            self.spoil(
                trail,
                f"aliases (*{event.anchor}) are not read; repeat the value, or put a glob in"
                f" quotes: '*{event.anchor}'",
            )
            return None
        if isinstance(event, ScalarEvent):
            return self.scalar(event, trail)
        return self.mapping(trail) if isinstance(event, MappingStartEvent) else self.items(trail)

    def check_properties(self, event: Event, trail: Trail) -> None:
        if isinstance(event, AliasEvent):
            return
        if isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            if event.anchor is not None:
                self.blame(trail, f"anchors (&{event.anchor}) are not read; remove it")
            if event.tag is not None:
                self.spoil(trail, f"tags ({event.tag}) are not read; remove it")

    def scalar(self, event: ScalarEvent, trail: Trail) -> object:
        if event.style is not None:
            return event.value
        try:
            return resolve_scalar(event.value)
        except ValueError as error:
            self.spoil(trail, str(error))
            return None

    def items(self, trail: Trail) -> list[object]:
        found: list[object] = []
        while not isinstance(event := self.next(), SequenceEndEvent):
            found.append(self.node(event, (*trail, len(found))))
        return found

    def mapping(self, trail: Trail) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := self.next(), MappingEndEvent):
            place = self.last
            key = self.node(event, (*trail, "(key)"))
            below = (*trail, key) if isinstance(key, str) else (*trail, "(key)")
            known_at = self.places.keys.get(below)
            self.places.keys.setdefault(below, place)
            inner = self.next()
            if isinstance(inner, ScalarEvent) and not inner.value and inner.style is None:
                self.last = place  # the parser puts an empty value on the line after it
            value = self.node(inner, below)
            if not isinstance(key, str):
                self.problems.append(Problem(trail, _no_key(key), place=place))
            elif key in found:
                first = f" (first in line {known_at.line})" if known_at else ""
                message = f"the key appears a second time{first}; keep one"
                self.problems.append(Problem(below, message, place=place))
            else:
                found[key] = value
        return found

    def blame(self, trail: Trail, message: str) -> None:
        self.problems.append(Problem(trail, message, place=self.last))

    def spoil(self, trail: Trail, message: str) -> None:
        self.blame(trail, message)
        self.unreadable.add(trail)

    def stop(self, trail: Trail, message: str) -> None:
        raise _StopReading(Problem(trail, message, place=self.last))


def _no_key(key: object) -> str:
    if isinstance(key, dict | list):
        return "a key must be a single word, not a mapping or a list; put braces in quotes"
    if key is None:
        return "a key is missing before the colon"
    return "a key must be text; put it in quotes"
