"""The two sections that let a reader judge and repeat a comparison: method and provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..comparison.subjects import records_of, subject_titles
from . import method
from .markdown_parts import bullets, section, table, told
from .numbers import MISSING
from .text import code, counted, markdown
from .view import views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..comparison.schema import Comparison, DataRecord, ModelRecord
    from .columns import Column

_LAYERS = "Layer by layer, every figure stands in `comparison.json` beside this file."


def about(comparison: Comparison, columns: Iterable[Column]) -> str:
    """Return what was measured on what, with every denominator."""
    meanings = method.meanings(comparison, columns)
    terms = [f"**{markdown(term)}**: {markdown(meaning)}" for term, meaning in meanings]
    titles = subject_titles(comparison)
    models = [_model(titles[key], model) for key, model in records_of(comparison).items()]
    inputs = [*map(_data, comparison.data), *models]
    return section("Method", bullets([*method.GENERAL, _LAYERS, *terms, *inputs]))


def provenance(comparison: Comparison) -> str:
    """Return what it takes to get each row again, and the recipes as they were run."""
    headings = ["#", "seed", "versions", "key", "SHA-256 of the file", "log"]
    rows = []
    for view in views(comparison):
        source, file = view.row.provenance, view.row.deployable
        if source is None:
            continue
        versions = ", ".join(f"{name} {version}" for name, version in source.versions.items())
        log = code(source.log) if source.log else MISSING
        sha = code(file.sha256) if file else MISSING
        rows.append(
            [str(view.number), str(source.seed), markdown(versions), code(source.key), sha, log]
        )
    recipes = [
        f"```json\n{json.dumps(recipe, ensure_ascii=False, indent=1)}\n```"
        for recipe in comparison.recipes
    ]
    body = [table(headings, rows, left=(2, 3, 4, 5)), *recipes]
    return section("Provenance", "\n\n".join(filter(None, body)))


def _data(data: DataRecord) -> str:
    splits = ", ".join(f"{count:,} {name}" for name, count in data.splits.items())
    return f"**data** {code(data.uri)}: {splits} samples, SHA-256 {code(data.sha256)}"


def _model(title: str, model: ModelRecord) -> str:
    done = model.preprocessing
    steps = told(done.model_dump(mode="json")) if done else "none"
    size = "" if model.parameters is None else f"{counted(model.parameters, 'parameter')}, "
    return (
        f"**model** {code(title)}: {size}"
        f"SHA-256 {code(model.sha256)}, preprocessing: {markdown(steps)}"
    )
