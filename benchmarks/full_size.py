"""Size and speed of what a backend makes of networks at 224 x 224.

Sizes and speeds do not depend on what a network has learnt, accuracies do: they are given only
where somebody names trained weights and ImageNet (see `full_size_inputs.py`). Ratios of CPU time
are medians of interleaved pairs on one thread, batch 1.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
from boildown import Recipe
from full_size_inputs import MODELS, add_options, bare, inputs
from provenance import ROOT, made_by, provenance
from records import targets_in_words, tell, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown.comparison.schema import ModelRecord, Ratio, Row
    from boildown.report.results import Results

MEMORY = 4 << 30

#: For each of `MODELS`.
Least = tuple[float, float, float]


@dataclass(frozen=True)
class Target:
    """The least ratios of one recipe; `size` and `speed` are keys of a row."""

    size: str
    least_size: Least
    speed: str = ""
    least_speed: Least = (0, 0, 0)


@dataclass(frozen=True)
class FullSize:
    """What is run of a backend, and what it is held against."""

    backend: str
    title: str
    packages: tuple[str, ...]
    recipes: dict[str, list[dict[str, Any]]]
    targets: dict[str, Target]
    #: Further figures of a row, from its file.
    measure: Callable[[str, str, Path, Path], dict[str, Any]] = lambda *_: {}
    #: Further targets of a row: words with figure and least.
    hold: Callable[[dict[str, Any]], dict[str, bool]] = field(default=lambda _: {})


def row_of(
    row: Row, model: ModelRecord, results: Results, folder: Path, what: FullSize
) -> dict[str, Any]:
    """Return the figures of one row; ratios are before / after."""
    found: dict[str, Any] = {"model": bare(row.model), "recipe": row.recipe}
    found |= {"status": row.status, "reason": row.reason}
    found |= {"warnings": [w.code for w in row.warnings]}
    if row.deployable is None or row.speed is None:
        return found
    twin = row.float_twin.deployable.bytes if row.float_twin else None
    found |= {
        "bytes": row.deployable.bytes,
        "size": model.baseline.size.bytes / row.deployable.bytes,
        "size_same_format": twin and twin / row.deployable.bytes,
        "speed": _ratio(row.speed.versus_onnxruntime_float),
        "speed_same_runtime": _ratio(row.speed.versus_same_runtime_float),
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


def targets(rows: list[dict[str, Any]], what: FullSize) -> dict[str, bool]:
    """Return every target in words with what was found, and whether it is met."""
    found: dict[str, bool] = {}
    for row in rows:
        place, target = MODELS.index(row["model"]), what.targets.get(row["recipe"])
        if target is not None:
            size = row.get(target.size)
            found |= held(row, target.size, size, target.least_size[place])
        if target is not None and target.speed:
            speed = (row.get(target.speed) or {}).get("median")
            found |= held(row, target.speed, speed, target.least_speed[place])
        found |= what.hold(row)
        peak = row.get("peak_rss_bytes")
        if peak is not None:
            words = f"{row['model']} {row['recipe']}: under 4 GiB (found {peak / 2**30:.2f})"
            found[words] = peak < MEMORY
    return found


def held(row: dict[str, Any], key: str, value: float | None, least: float) -> dict[str, bool]:
    """Hold one figure against the least that it should be; of a least of 0 there is nothing."""
    if not least:
        return {}
    shown = "nothing" if value is None else f"{value:.2f}"
    what = key.replace("_", " ")
    words = f"{row['model']} {row['recipe']}: {what} at least {least:g} (found {shown})"
    return {words: value is not None and value >= least}


def page(record: dict[str, Any], what: FullSize) -> str:
    """Return the record as Markdown."""
    legend = (
        f"Inputs are 224 x 224. {record['inputs']} Ratios are before / after: bytes of the float32 "
        "ONNX input, and of the float file of the same format, / of the deployable; CPU time of "
        "float32 ONNX Runtime, of the float network in the same runtime, and where given of eager "
        "PyTorch / of the deployable, medians of interleaved pairs (quartiles).\n"
    )
    lines = [
        f"# {what.title}\n",
        f"{made_by(record['provenance'])}\n\n{legend}",
        (
            "| model | recipe | size | same format | ONNX Runtime float32 | same runtime | eager "
            "| memory | top-1 | |"
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_line(row, judged=record["imagenet"]) for row in record["rows"]]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def _line(row: dict[str, Any], *, judged: bool) -> str:
    name, notes = row["model"].partition(":")[2], [row["status"], *row["warnings"]]
    if "size" not in row:
        return f"| {name} | {row['recipe']} | | | | | | | | {row['status']}: {row['reason']} |"
    same = row["size_same_format"]
    sizes = [f"{row['size']:.2f}×", "" if same is None else f"{same:.2f}×"]
    speeds = [_shown(row.get(k)) for k in ("speed", "speed_same_runtime", "speed_eager")]
    memory = f"{(row['peak_rss_bytes'] or 0) / 2**30:.2f} GiB"
    said = ", ".join(dict.fromkeys(note for note in notes if note != "ok"))
    cells = [name, row["recipe"], *sizes, *speeds, memory, top1_of(row) if judged else "", said]
    return f"| {' | '.join(cells)} |"


def top1_of(row: dict[str, Any]) -> str:
    """Return top-1 with n and the difference to the float network, empty where there is none."""
    metrics = {metric["name"]: metric for metric in (row.get("quality") or {}).get("metrics", ())}
    top1 = metrics.get("top1")
    if top1 is None or top1["value"] is None:
        return ""
    return f"{top1['value']:.4f} ({top1['difference']:+.4f}, n {top1['n']:,})"


def _shown(ratio: dict[str, Any] | None) -> str:
    return f"{ratio['median']:.2f}× ({ratio['q1']:.2f}–{ratio['q3']:.2f})" if ratio else ""


def run(what: FullSize) -> None:
    """Do what the command line asks of a backend."""
    parser = argparse.ArgumentParser(description=what.title)
    add_options(parser)
    parser.add_argument("--out", type=Path)
    measure_all(what, parser.parse_args())


def measure_all(what: FullSize, options: argparse.Namespace) -> None:
    """Run the grid model by model, and write both records after each.

    What belongs to somebody's own weights goes into a record of its own, unless `out` names one.
    """
    kind = "full-size" if options.weights is None else "own-weights"
    out = options.out or ROOT / f"benchmarks/results/{what.backend}-{kind}"
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = inputs(options, folder)
        for model in given.models:
            results = boildown.compare(
                [Recipe.model_validate({"name": n, "steps": s}) for n, s in what.recipes.items()],
                models=model,
                backends=what.backend,
                data=given.data,
                out=folder / "out",
                timing_seconds=20,
                on_event=tell,
            )
            source = results.comparison.models[0]
            rows += [row_of(row, source, results, folder, what) for row in results.rows]
            record = {
                "provenance": provenance(*what.packages),
                "inputs": given.words,
                "imagenet": given.imagenet,
                "targets": targets(rows, what),
                "rows": rows,
            }
            write(out, record, page(record, what))
