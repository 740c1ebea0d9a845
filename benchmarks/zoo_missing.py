"""What of a grid has no row: what has not run yet, and what is left out on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cells import gathered
from records import SETTLED
from zoo_figures import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoo_grid import Grid

#: Of methods that train, so many runs, with the seeds 0, 1, …
SEEDS = 3
#: Why methods of a grid have no row on some networks.
LEFT_OUT = "Left out on purpose, since training takes long there; `--everything` runs it"
#: A model, a method, and the seeds that have no row.
Cell = tuple[str, str, tuple[int, ...]]


def missing(
    grid: Grid,
    rows: list[dict[str, Any]],
    models: Sequence[str],
    methods: Sequence[str],
    seeds: int,
    *,
    everything: bool = False,
) -> list[Cell]:
    """Return what of models × methods × seeds has no settled row yet, method by method.

    What does not train has the one seed 0. What the grid leaves out is wanted with `everything`.
    """
    done = {(row["model"], row["recipe"], row["seed"]) for row in rows if row["status"] in SETTLED}
    cells = []
    for method in methods:
        for model in models:
            wanted = range(seeds if method in grid.trained else 1)
            left = tuple(seed for seed in wanted if (model, method, seed) not in done)
            if left and (everything or method not in grid.left_out.get(model, ())):
                cells.append((model, method, left))
    return cells


def not_run(
    grid: Grid, rows: list[dict[str, Any]], models: Sequence[str], seeds: int
) -> list[tuple[str, str]]:
    """Return what is missing as (model, method), with the seeds where some of them are there."""
    return [
        (model, method + _of_seeds(left, seeds if method in grid.trained else 1))
        for model, method, left in missing(grid, rows, models, [*grid.once, *grid.trained], seeds)
    ]


def _of_seeds(left: tuple[int, ...], seeds: int) -> str:
    """Name the seeds that are left of a method; nothing where all are."""
    return "" if len(left) == seeds else f" (seed {', '.join(map(str, left))})"


def never_run(
    rows: list[dict[str, Any]], left_out: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Return what is left out by model as (model, method), but for what has run all the same."""
    ran = {(row["model"], row["recipe"]) for row in rows}
    return [
        (model, method)
        for model, methods in left_out.items()
        for method in methods
        if (model, method) not in ran
    ]


def without_row(grid: Grid, rows: list[dict[str, Any]], seeds: int) -> str:
    """Return both as Markdown; empty where every cell has its row."""
    parts = (("Not run yet", not_run(grid, rows, MODELS, seeds)),
             (LEFT_OUT, never_run(rows, grid.left_out)))  # fmt: skip
    return "".join(
        f"\n{why}:\n\n" + "".join(f"- {text}\n" for text in gathered(cells, MODELS))
        for why, cells in parts
        if cells
    )
