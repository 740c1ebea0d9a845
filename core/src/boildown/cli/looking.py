"""Commands that only look: `backends`, `inspect`, `schema`, `models`, `datasets`, `recipes`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (backends, inspect, schema, models, datasets, recipes):
        app.command()(command)


def backends() -> None:
    """List the backends: toolkit, version, whether it is installed and maintained, offers."""
    from ..errors import BoildownError
    from ..plugins.registry import Registry
    from ..runner.endpoints import endpoint, places
    from ..runner.planning import toolkit_version
    from .words import offers_in_words

    registry, elsewhere = Registry(), places(Path())
    found = []
    for name in sorted({*registry.names(), *elsewhere}):
        try:
            info = endpoint(name, registry, elsewhere).info
        except BoildownError as error:
            found.append((f"{name}  (broken)", [str(error)]))
            continue
        state = toolkit_version(info) or "not installed here"
        care = "" if info.maintained else ", no longer maintained upstream"
        heading = f"{name}  {info.toolkit} {state}{care}; writes {', '.join(info.formats)}"
        found.append((heading, offers_in_words(info.offers)))
    if not found:
        typer.echo("no backend is installed; try `pip install boildown-onnxruntime`")
    _definitions(found)


def inspect(
    model: Annotated[str, typer.Argument(help="URI or path of an ONNX model.")],
    *,
    trust: Annotated[
        bool, typer.Option("--trust", help="Let a source run code that the model's URI names.")
    ] = False,
) -> None:
    """Show layers, parameters, multiply-accumulates, types, sparsity and sizes of a model."""
    from ..model.check import read_onnx
    from ..model.inspect import inspect as look
    from ..plugins.models import find_model
    from ..runner.store import Store, default_root
    from .words import facts_in_words

    with Store(default_root()).entry("looks", "0" * 64) as entry:
        path = find_model(model, entry.folder, trust=trust).path
    read_onnx(path)
    facts = look(path)
    heading, rows, totals = facts_in_words(facts)
    _table(heading, rows)
    for line in totals:
        typer.echo(line)


def schema(
    what: Annotated[str, typer.Argument(help="recipe, comparison, job or result.")] = "recipe",
) -> None:
    """Print the JSON schema of recipe files, of comparison.json, of job.json or of result.json."""
    from ..comparison.files import comparison_schema
    from ..errors import UsageError
    from ..job.protocol import Job, JobResult
    from ..nearest import did_you_mean
    from ..recipe.schema import recipe_schema

    makers = {
        "recipe": recipe_schema,
        "comparison": comparison_schema,
        "job": Job.model_json_schema,
        "result": JobResult.model_json_schema,
    }
    if what not in makers:
        known = ", ".join(makers)
        raise UsageError(f"no schema {what!r} (there are {known}){did_you_mean(what, makers)}")
    typer.echo(json.dumps(makers[what](), indent=2))


def models() -> None:
    """List the models that installed sources provide."""
    from ..plugins.sources import model_listings

    rows = [(found.uri, found.description, found.licence) for found in model_listings()]
    _table(("model", "what it is", "licence"), rows)


def datasets() -> None:
    """List the datasets that installed sources provide."""
    from ..plugins.sources import dataset_listings

    rows = [(found.uri, found.description, found.licence) for found in dataset_listings()]
    own = [
        ("images:FOLDER", "a folder of images, a sub-folder a class (see docs/data.md)", "yours"),
        ("npz:FILE", "arrays in a numpy file (see docs/data.md)", "yours"),
    ]
    _table(("dataset", "what it is", "licence"), [*rows, *own])


def recipes() -> None:
    """List the ready recipes; those that train say so."""
    from ..recipe.catalogue import ready_recipes
    from ..runner.planning import step_in_words

    rows = []
    for name, recipe in ready_recipes().items():
        trains = any(step.train is not None for step in recipe.steps)
        mark = "  (trains: needs a backend that can, and train data)" if trains else ""
        steps = " → ".join(step_in_words(step) for step in recipe.steps)
        rows.append((name + mark, [recipe.description, steps]))
    _definitions(rows)


def _definitions(found: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Print headings with indented paragraphs below them; reads well at any width."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for heading, paragraphs in found:
        console.print(Text(heading, style="bold"))
        for paragraph in paragraphs:
            console.print(Padding(Text(paragraph), (0, 0, 0, 4)))


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from .consoles import results_console

    table = Table(*heading, box=box.SIMPLE_HEAD, show_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    results_console().print(table)
