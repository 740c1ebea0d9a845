"""What is wrong with a file, where, and how it is said: one line a problem, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ..errors import RecipeError

#: Keys and list positions from the top of a document down to one value.
Trail = tuple[str | int, ...]

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `at` says whether it is the key or the value that is to blame."""

    trail: Trail
    message: str
    at: Literal["key", "value"] = "value"
    #: Where it stands, if the finder knows better than the trail does.
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The place of every key and value of a document, by trail."""

    keys: dict[Trail, Place] = field(default_factory=dict)
    values: dict[Trail, Place] = field(default_factory=dict)

    def of(self, problem: Problem) -> Place:
        """Return the place of a problem: its own, its trail's, or that of what surrounds it."""
        if problem.place:
            return problem.place
        if problem.at == "key" and problem.trail in self.keys:
            return self.keys[problem.trail]
        around = [problem.trail[:length] for length in range(len(problem.trail), -1, -1)]
        return next((self.values[trail] for trail in around if trail in self.values), Place(1, 1))


def trail_text(trail: Trail) -> str:
    """Name a value in words: steps and items count from 1, as in `step 2, prune.sparsity`."""
    text = ""
    rest = list(trail)
    if len(rest) > 1 and rest[0] == "steps" and isinstance(rest[1], int):
        text = f"step {rest[1] + 1}"
        rest = rest[2:]
    for index, part in enumerate(rest):
        if isinstance(part, int):
            text += f", item {part + 1}"
        elif index and isinstance(rest[index - 1], str):
            text += f".{part}"
        else:
            text += f", {part}" if text else part
    return text


def problem_line(problem: Problem) -> str:
    """Say a problem without its place, for values that come from no file."""
    where = trail_text(problem.trail)
    return f"{where}: {problem.message}" if where else problem.message


def recipe_error(source: str, problems: Iterable[Problem], places: Places) -> RecipeError:
    """Put all problems of a file into one error, in the order of the file."""
    placed = dict.fromkeys((places.of(problem), problem_line(problem)) for problem in problems)
    ordered = sorted(placed, key=lambda pair: (pair[0].line, pair[0].column))
    lines = [f"{source}:{place.line}:{place.column}: {text}" for place, text in ordered]
    if len(lines) > _MOST_SHOWN:
        lines = [*lines[:_MOST_SHOWN], f"{source}: and more; mend these first"]
    return RecipeError("\n".join(lines))
