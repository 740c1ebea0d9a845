"""Check the settings that a step gives to single toolkits (`with`), each by its own schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ..errors import PluginError, RecipeError
from ..nearest import nearest
from ..recipe.problems import Problem, problem_line
from ..recipe.recipe import Recipe
from ..recipe.schema_problems import schema_problems
from ..recipe.steps import Op, Step


def step_settings(
    step: Step, backend: str, schema: Mapping[Op, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what a step says `with` one backend, checked; nothing said: an empty dict.

    `schema` holds that backend's JSON schema (draft 2020-12) of each operation. A schema that
    names properties and says nothing of others is taken to allow no others. Raises RecipeError
    with every wrong key and value, PluginError where the schema itself is wrong.
    """
    if backend not in step.with_:
        return {}
    given = step.with_[backend]
    if step.op not in schema:
        others = f" (it has some for {', '.join(schema)})" if schema else ""
        raise RecipeError(
            f"{step.op}, with.{backend}: {backend} has no settings of its own for {step.op}"
            f"{others}; remove this part"
        )
    problems = schema_problems(given, _closed(schema[step.op], backend, step.op))
    if problems:
        raise RecipeError("\n".join(f"{step.op}, {_line(backend, p)}" for p in problems))
    return dict(given)


def deploy_settings(steps: Sequence[Step], backend: str, names: Collection[str]) -> dict[str, Any]:
    """Return which of the settings called `names` the steps give `with` one backend.

    They say what file ships, of which a job makes one: RecipeError where two steps differ.
    """
    found: dict[str, Any] = {}
    for index, step in enumerate(steps):
        for name, value in step.with_.get(backend, {}).items():
            if name in names and found.setdefault(name, value) != value:
                problem = Problem(
                    ("steps", index, "with", backend, name),
                    f"is {value!r}, but an earlier step says {found[name]!r}; a job ships one"
                    f" file: give {name!r} once",
                )
                raise RecipeError(problem_line(problem))
    return found


def shipped_format(
    steps: Sequence[Step], backend: str, names: Collection[str], formats: Sequence[str]
) -> str:
    """Return the format of the file that ships: what a step says as `format`, else the first."""
    said = deploy_settings(steps, backend, set(names) & {"format"})
    return str(said.get("format", formats[0]))


def _line(backend: str, problem: Problem) -> str:
    return problem_line(Problem(("with", backend, *problem.trail), problem.message))


def _closed(schema: Mapping[str, Any], backend: str, op: Op) -> Mapping[str, Any]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise PluginError(
            f"backend {backend}: its settings schema for {op} is no JSON schema: {error.message}"
        ) from error
    silent = not {"additionalProperties", "unevaluatedProperties", "patternProperties"} & set(
        schema
    )
    if "properties" in schema and silent:
        return {**schema, "additionalProperties": False}
    return schema


def check_with_names(recipe: Recipe, known: Collection[str]) -> None:
    """Refuse a `with` for an unknown backend whose name is near to a known one.

    Any other unknown name is left alone: recipes may hold settings for backends that are not
    installed here. Raises RecipeError that names them all.
    """
    problems = [
        Problem(("steps", index, "with", name), f"there is no such backend; did you mean {near!r}?")
        for index, step in enumerate(recipe.steps)
        for name in step.with_
        if name not in known and (near := nearest(name, known))
    ]
    if problems:
        raise RecipeError("\n".join(problem_line(problem) for problem in problems))
