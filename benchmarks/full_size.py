"""Size and speed of what a backend makes of networks at 224 x 224 with random weights.

Sizes and speeds do not depend on what a network has learnt, accuracies do: none is given here.
Images are noise. Ratios of CPU time are medians of interleaved pairs on one thread, batch 1.
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
from provenance import ROOT, made_by, provenance
from records import targets_in_words, tell, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown.comparison.schema import ModelRecord, Ratio, Row
    from boildown.report.results import Results

MODELS = ("torchvision:mobilenet_v2", "torchvision:resnet50", "torchvision:squeezenet1_1")
IMAGES = 48
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


def noise(folder: Path) -> Path:
    """Write images of noise: calibration and test splits."""
    random = np.random.default_rng(0)
    draw = random.integers(0, 256, (2, IMAGES, 3, 224, 224), dtype=np.uint8)
    np.savez(folder / "noise.npz", calibration_x=draw[0], test_x=draw[1])
    return folder / "noise.npz"


def row_of(
    row: Row, model: ModelRecord, results: Results, folder: Path, what: FullSize
) -> dict[str, Any]:
    """Return the figures of one row; ratios are before / after."""
    found: dict[str, Any] = {"model": row.model, "recipe": row.recipe, "status": row.status}
    found |= {"reason": row.reason, "warnings": [w.code for w in row.warnings]}
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
        "Inputs are 224 x 224, weights random. Ratios are before / after: bytes of the float32 "
        "ONNX input, and of the float file of the same format, / of the deployable; CPU time of "
        "float32 ONNX Runtime, of the float network in the same runtime, and where given of eager "
        "PyTorch / of the deployable, medians of interleaved pairs (quartiles).\n"
    )
    lines = [
        f"# {what.title}\n",
        f"{made_by(record['provenance'])}\n\n{legend}",
        (
            "| model | recipe | size | same format | ONNX Runtime float32 | same runtime | eager "
            "| memory | |"
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_line(row) for row in record["rows"]]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def _line(row: dict[str, Any]) -> str:
    name, notes = row["model"].partition(":")[2], [row["status"], *row["warnings"]]
    if "size" not in row:
        return f"| {name} | {row['recipe']} | | | | | | | {row['status']}: {row['reason']} |"
    same = row["size_same_format"]
    sizes = [f"{row['size']:.2f}×", "" if same is None else f"{same:.2f}×"]
    speeds = [_shown(row.get(k)) for k in ("speed", "speed_same_runtime", "speed_eager")]
    memory = f"{(row['peak_rss_bytes'] or 0) / 2**30:.2f} GiB"
    said = ", ".join(dict.fromkeys(note for note in notes if note != "ok"))
    return f"| {name} | {row['recipe']} | {' | '.join([*sizes, *speeds])} | {memory} | {said} |"


def _shown(ratio: dict[str, Any] | None) -> str:
    return f"{ratio['median']:.2f}× ({ratio['q1']:.2f}–{ratio['q3']:.2f})" if ratio else ""


def run(what: FullSize) -> None:
    """Run the grid model by model, and write both records."""
    out = ROOT / f"benchmarks/results/{what.backend}-full-size"
    parser = argparse.ArgumentParser(description=what.title)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--out", type=Path, default=out)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in options.models:
            results = boildown.compare(
                [Recipe.model_validate({"name": n, "steps": s}) for n, s in what.recipes.items()],
                models=model,
                backends=what.backend,
                data=f"npz:{noise(folder)}",
                out=folder / "out",
                timing_seconds=20,
                on_event=tell,
            )
            source = results.comparison.models[0]
            rows += [row_of(row, source, results, folder, what) for row in results.rows]
    record = {
        "provenance": provenance(*what.packages),
        "targets": targets(rows, what),
        "rows": rows,
    }
    write(options.out, record, page(record, what))
