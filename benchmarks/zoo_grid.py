"""Run every method of a backend on the zoo's networks, over all 10,000 test images.

Methods that train do so on the first images of train, some on all, and run once for each seed,
beside the control: the float network after the same training. That takes hours, so every finished
method is added to OUT.json at once, with the run that made it, and a later run does what is
missing there.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
import numpy as np
from boildown import Recipe
from boildown_zoo.dataset import FOLDER
from provenance import ROOT, provenance
from records import read, tell, with_rows
from zoo_figures import MODELS, figures
from zoo_missing import SEEDS, missing
from zoo_page import Targets, save

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bits_chart import Modes
    from boildown.comparison.schema import ModelRecord, Row

#: Images of train that methods which train see.
IMAGES = 20_000
Steps = list[dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Grid:
    """What is run of a backend; methods in the order in which they run."""

    backend: str
    title: str
    #: Distributions whose versions the record gives.
    packages: tuple[str, ...]
    once: dict[str, Steps]
    #: For each seed.
    trained: dict[str, Steps]
    targets: Targets
    #: Methods that see all images of train and not only the first.
    on_all_images: tuple[str, ...] = ()
    #: What the page shows as bits × mode.
    modes: Modes | None = None
    #: By model, what takes long there and is not run unless it is asked for; pages name it.
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def recipes(grid: Grid, method: str, seeds: Sequence[int], data: dict[str, Any]) -> list[Recipe]:
    """Return a method as recipes, `name-seed`."""
    steps = tagged(grid.once.get(method) or grid.trained[method])
    return [
        Recipe.model_validate(
            {"name": f"{method}-{seed}", "steps": steps, "data": data, "seed": seed}
        )
        for seed in seeds
    ]


def tagged(steps: Steps) -> list[dict[str, Any]]:
    """Return steps in the form that recipes have."""
    return [{"op": op, **settings} for step in steps for op, settings in step.items()]


def first_images(folder: Path) -> Path:
    """Write the first images of train, those of each class by their share, as a dataset."""
    with np.load(FOLDER / "train.npz") as arrays:
        path = folder / "train.npz"
        np.savez(path, train_x=arrays["images"][:IMAGES], train_y=arrays["labels"][:IMAGES])
    return path


def row_of(row: Row, model: ModelRecord) -> dict[str, Any]:
    """Return the figures of a row, with seed, control, parity and cost."""
    name, _, seed = row.recipe.rpartition("-")
    control = row.control.quality.metrics[0] if row.control else None
    return figures(row, model) | {
        "recipe": name,
        "seed": int(seed),
        "control_difference": control.difference if control else None,
        "parity_top1": row.parity.top1_agreement if row.parity else None,
        "peak_rss_bytes": row.cost.peak_rss_bytes if row.cost else None,
        "least_sparsity": _least_sparsity(row),
    }


def _least_sparsity(row: Row) -> float | None:
    """Return the least share of zeros in a layer, depthwise ones (one input channel) aside."""
    layers = row.audit.layers if row.audit else ()
    return min((x.sparsity for x in layers if x.shape[1:2] != (1,)), default=None)


def run(grid: Grid) -> None:
    """Do what the command line asks of a grid."""
    every = [*grid.once, *grid.trained]
    parser = argparse.ArgumentParser(description=grid.title)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--methods", nargs="*", default=every, choices=every, metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=record_of(grid))
    parser.add_argument(
        "--everything", action="store_true", help="run what is left out for the time it takes, too"
    )
    parser.add_argument(
        "--page", action="store_true", help="make all but OUT.json anew, and run nothing"
    )
    options = parser.parse_args()
    if options.page:
        save(options.out, _record(grid, options.out), grid, options.seeds)
        return
    fill(
        grid,
        options.models,
        options.methods,
        seeds=options.seeds,
        jobs=options.jobs,
        out=options.out,
        everything=options.everything,
    )


def record_of(grid: Grid) -> Path:
    """Return where the record of a grid is kept, without suffix."""
    return ROOT / f"benchmarks/results/zoo-{grid.backend}"


def _record(grid: Grid, out: Path) -> dict[str, Any]:
    return {"title": grid.title} | read(out) | {"train_images": IMAGES}


def fill(
    grid: Grid,
    models: Sequence[str],
    methods: Sequence[str],
    *,
    seeds: int,
    jobs: int,
    out: Path,
    everything: bool = False,
) -> None:
    """Run what is missing method by method, and write both records after each."""
    record = _record(grid, out)
    cells = missing(grid, record["rows"], models, methods, seeds, everything=everything)
    if not cells:
        return
    record["runs"].append(provenance(*grid.packages))
    with tempfile.TemporaryDirectory() as folder:
        first, test = f"npz:{first_images(Path(folder))}", "zoo:fashion-mnist?split=test"
        for model, method, left in cells:
            train = "zoo:fashion-mnist?split=train" if method in grid.on_all_images else first
            data = {"train": train, "test": test}
            results = boildown.compare(
                recipes(grid, method, left, data),
                models=model,
                backends=grid.backend,
                out=Path(folder) / "out",
                jobs=jobs,
                timing_seconds=2,
                on_event=tell,
            )
            place, known = len(record["runs"]) - 1, results.comparison.models[0]
            found = [row_of(row, known) | {"run": place} for row in results.rows]
            record["rows"] = with_rows(record["rows"], found, "model", "recipe", "seed")
            save(out, record, grid, seeds)
