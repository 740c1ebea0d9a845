"""Size and speed of what a backend makes of networks at 224 x 224.

Sizes and speeds do not depend on what a network has learnt, accuracies do: they are given only
where somebody names trained weights and ImageNet (see `full_size_inputs.py`). Ratios of CPU time
are medians of interleaved pairs on one thread, batch 1.

The methods are those of the grid on the zoo's networks, by the same names. Of those that train the
ones whose files differ from all others run with an epoch over a few images of noise. Every
finished method is added to OUT.json at once, with the run that made it, and a later run does what
is missing there.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
from boildown import Recipe
from full_size_inputs import add_options, inputs
from full_size_page import save
from provenance import ROOT, provenance
from records import SETTLED, read, tell, with_rows
from zoo_figures import to_twin
from zoo_grid import tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from boildown.comparison.schema import ModelRecord, Ratio, Row
    from boildown.report.results import Results
    from full_size_inputs import Inputs
    from full_size_page import Target
    from zoo_grid import Grid, Steps

#: As each step that trains does it here.
BRIEF = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-4}
SECONDS = 10


@dataclass(frozen=True)
class FullSize:
    """What is run of a backend, and what it is held against."""

    title: str
    #: Its methods that do not train.
    grid: Grid
    #: Of its methods that train, those whose files are like no other's.
    trained: tuple[str, ...] = ()
    #: What the grid has not.
    more: dict[str, Steps] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    #: Further figures of a row, from its file.
    measure: Callable[[str, str, Path, Path], dict[str, Any]] = lambda *_: {}
    #: Further targets of a row: words with figure and least.
    hold: Callable[[dict[str, Any]], dict[str, bool]] = field(default=lambda _: {})

    @property
    def methods(self) -> dict[str, Steps]:
        """Steps by name, in the order in which they run: first what a target asks for."""
        trained = {
            name: [_brief(step) for step in self.grid.trained[name]] for name in self.trained
        }
        every = {**self.grid.once, **self.more, **trained}
        first = {name: every[name] for name in self.targets}
        return first | every


def _brief(step: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        op: {**settings, "train": BRIEF} if "train" in settings else settings
        for op, settings in step.items()
    }


def row_of(row: Row, name: str, results: Results, folder: Path, what: FullSize) -> dict[str, Any]:
    """Return the figures of one row, its model called `name`; ratios are before / after."""
    model: ModelRecord = results.comparison.models[0]
    found: dict[str, Any] = {"model": name, "recipe": row.recipe}
    found["trained"] = row.recipe in what.trained
    found |= {"status": row.status, "reason": row.reason}
    found |= {"warnings": [w.code for w in row.warnings]}
    if row.deployable is None:
        return found
    twin = to_twin(row)
    before, after = model.baseline.size.deflated_bytes, row.deployable.deflated_bytes
    found |= {
        "bytes": row.deployable.bytes,
        "size": model.baseline.size.bytes / row.deployable.bytes,
        "deflated": before / after if before and after else None,
        "size_same_format": twin["size_ratio_to_twin"],
        "deflated_same_format": twin["deflated_ratio_to_twin"],
        "speed": _ratio(row.speed.versus_onnxruntime_float) if row.speed else None,
        "speed_same_runtime": _ratio(row.speed.versus_same_runtime_float) if row.speed else None,
        "speed_reason": row.speed.reason if row.speed else "",
        "others_busy": row.speed.others_busy if row.speed else None,
        "parity_top1": row.parity.top1_agreement if row.parity else None,
        "peak_rss_bytes": row.cost.peak_rss_bytes if row.cost else None,
        "bits_per_weight": row.deployable.bits_per_weight,
        "layers_changed": row.audit.layers_changed if row.audit else None,
        "layers_total": row.audit.layers_total if row.audit else None,
        "quality": row.quality.model_dump(mode="json") if row.quality else None,
    }
    path = results.folder / row.deployable.path
    return found | what.measure(row.model, row.recipe, path, folder)


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    return None if ratio is None else ratio.model_dump(mode="json")


def missing(
    what: FullSize,
    rows: list[dict[str, Any]],
    models: Iterable[str],
    methods: Iterable[str],
    *,
    imagenet: bool,
) -> list[tuple[str, str]]:
    """Return what of models × methods has no settled row yet, method by method.

    On somebody's own images nothing is trained: an epoch over ImageNet takes days, and a few
    images say nothing of accuracy.
    """
    done = {(row["model"], row["recipe"]) for row in rows if row["status"] in SETTLED}
    return [
        (model, method)
        for method in methods
        for model in models
        if (model, method) not in done and not (imagenet and method in what.trained)
    ]


def run(what: FullSize, words: Sequence[str] | None = None) -> None:
    """Do what the command line asks of a backend."""
    parser = argparse.ArgumentParser(description=what.title)
    add_options(parser)
    parser.add_argument("--methods", nargs="*", choices=[*what.methods], metavar="METHOD")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--page", action="store_true", help="make OUT.md anew, and run nothing")
    options = parser.parse_args(words)
    if options.page:
        out = options.out or record_of(what.grid.backend, own=options.weights is not None)
        save(out, read(out), what.targets, what.hold)
    else:
        fill(what, options)


def record_of(backend: str, *, own: bool = False) -> Path:
    """Return where the record of a backend is kept, without suffix."""
    return ROOT / f"benchmarks/results/{backend}-{'own-weights' if own else 'full-size'}"


def fill(what: FullSize, options: argparse.Namespace) -> None:
    """Run what is missing method by method, and write both records after each.

    What belongs to somebody's own weights goes into a record of its own, unless `out` names one.
    """
    backend, packages = what.grid.backend, (*what.grid.packages, "torchvision")
    out = options.out or record_of(backend, own=options.weights is not None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        given = inputs(options, folder)
        record = _record(what, out, given)
        asked = options.methods or what.methods
        cells = missing(what, record["rows"], given.models, asked, imagenet=given.imagenet)
        if cells:
            record["runs"].append(provenance(*packages))
        for name, method in cells:
            steps = tagged(what.methods[method])
            results = boildown.compare(
                Recipe.model_validate({"name": method, "steps": steps}),
                models=given.models[name],
                backends=backend,
                data=given.data,
                out=folder / "out",
                timing_seconds=SECONDS,
                on_event=tell,
            )
            place, (row,) = len(record["runs"]) - 1, results.rows
            found = row_of(row, name, results, folder, what) | {"run": place}
            record["rows"] = with_rows(record["rows"], [found], "model", "recipe")
            save(out, record, what.targets, what.hold)


def _record(what: FullSize, out: Path, given: Inputs) -> dict[str, Any]:
    """Return the record at `out` to go on with; refuse one of other weights or images."""
    record = read(out)
    known = record.get("identity", {})
    images = {known.get("images"), given.identity.get("images")}
    others = [key for key in known.keys() & given.identity if known[key] != given.identity[key]]
    mixed = bool(known) != bool(given.identity) or len(images) > 1
    if record["rows"] and (others or mixed):
        raise SystemExit(
            f"{out.with_suffix('.json')} is of other weights or images: move it away, or name "
            "another place, --out"
        )
    now = {"inputs": given.words, "imagenet": given.imagenet, "identity": known | given.identity}
    return {"title": what.title} | record | now
