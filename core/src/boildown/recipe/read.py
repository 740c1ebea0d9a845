"""Turn the text of a recipe file into a `Recipe`, or into one error that names all its faults."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import RecipeError
from .expectation import shown
from .problems import Problem, Trail, recipe_error
from .recipe import Recipe
from .schema import recipe_schema
from .schema_problems import schema_problems
from .steps import OPS
from .yaml_tree import Document, parse_yaml

MAX_BYTES = 256 * 1024


def recipe_from_bytes(content: bytes, source: str) -> Recipe:
    """Read a recipe from the bytes of a file; `source` names it in errors.

    Raises RecipeError for anything that is not UTF-8, not strict YAML 1.2, larger than 256 KiB,
    or no recipe; one line a fault, `file:line:column: setting: what is wrong`.
    """
    if len(content) > MAX_BYTES:
        raise RecipeError(f"{source}: larger than {MAX_BYTES // 1024} KiB; no recipe is that long")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError(
            f"{source}:{line}: byte 0x{content[error.start]:02x} is not UTF-8; save it as UTF-8"
        ) from None
    return recipe_from_text(text, source)


def recipe_from_text(text: str, source: str) -> Recipe:
    """Read a recipe from YAML text; `source` names it in errors. Raises RecipeError."""
    document = parse_yaml(text)
    if not document.complete:
        raise recipe_error(source, document.problems, document.places)
    problems = [*document.problems, *_shape_problems(document)]
    recipe, complaints = _validate(document)
    problems += _news(complaints, problems)
    if recipe is None or problems:
        raise recipe_error(source, problems, document.places)
    return recipe


def _shape_problems(document: Document) -> list[Problem]:
    found = schema_problems(_without_empty_steps(document.value), recipe_schema())
    return [
        _misplaced_with(problem)
        for problem in found
        if document.unreadable.isdisjoint(_down_to(problem.trail))
    ]


def _news(complaints: list[Problem], problems: list[Problem]) -> list[Problem]:
    """Leave out what follows from a fault within, or repeats a fault of the shape in other words.

    A list with a wrong item, for one, is also "too short" to its model.
    """
    told = {above for problem in problems for above in _down_to(problem.trail)}
    around = {above for complaint in complaints for above in _down_to(complaint.trail)[:-1]}
    return [c for c in complaints if c.trail not in told and c.trail not in around]


def _misplaced_with(problem: Problem) -> Problem:
    match problem.trail:
        case ("steps", int(), str(op), "with"):
            message = f"unknown key here; it stands beside {op!r}, not inside it"
            return replace(problem, message=message)
    return problem


def _down_to(trail: Trail) -> list[Trail]:
    """Return a trail and all that surround it, the whole document first."""
    return [trail[:length] for length in range(len(trail) + 1)]


def _without_empty_steps(value: object) -> object:
    """Put `{}` for a step that names no settings, so that the step's own rules can speak."""
    if not isinstance(value, dict) or not isinstance(steps := value.get("steps"), list):
        return value
    filled = [
        {key: {} if key in OPS and inner is None else inner for key, inner in step.items()}
        if isinstance(step, dict)
        else step
        for step in steps
    ]
    return {**value, "steps": filled}


def _validate(document: Document) -> tuple[Recipe | None, list[Problem]]:
    try:
        return Recipe.model_validate(_as_model_input(document.value)), []
    except ValidationError as error:
        return None, [_complaint(detail, document) for detail in error.errors(include_url=False)]


def _complaint(detail: ErrorDetails, document: Document) -> Problem:
    """Take over a rule between settings; its trail is cut to what stands in the file."""
    trail = detail["loc"]
    while trail and trail not in document.places.values:
        trail = trail[:-1]
    if detail["type"] == "value_error":
        return Problem(trail, str(detail["ctx"]["error"]))
    return Problem(trail, f"{shown(detail['input'])} is not allowed here")


def _as_model_input(value: object) -> object:
    filled = _without_empty_steps(value)
    if not isinstance(filled, dict) or not isinstance(steps := filled.get("steps"), list):
        return filled
    return {**filled, "steps": [_step_input(step) for step in steps]}


def _step_input(step: object) -> object:
    named = [op for op in OPS if op in step] if isinstance(step, dict) else []
    if not isinstance(step, dict) or len(named) != 1 or not isinstance(step[named[0]], dict):
        return {}
    settings = {key: inner for key, inner in step[named[0]].items() if key not in {"op", "with"}}
    beside = {"with": step["with"]} if "with" in step else {}
    return {"op": named[0], **settings, **beside}
