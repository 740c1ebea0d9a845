"""Size and memory of what the Core ML backend makes of networks at 224 x 224, random weights.

    python benchmarks/coreml_full_size.py [--models torchvision:resnet50 …]

Sizes do not depend on what a network has learnt, accuracies do: none is given here. Images are
noise. Nothing is timed, since running Core ML requires macOS. Writes OUT.json and OUT.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
import numpy as np
from boildown import Recipe
from provenance import ROOT, made_by, provenance
from records import targets_in_words, tell, write

if TYPE_CHECKING:
    from boildown.comparison.schema import ModelRecord, Row

MODELS = ("torchvision:mobilenet_v2", "torchvision:resnet50", "torchvision:squeezenet1_1")
IMAGES = 8
HALF = {"op": "prune", "sparsity": 0.5}
RECIPES: dict[str, list[dict[str, Any]]] = {
    "int8-weights": [{"op": "quantize", "weights": "int8"}],
    "palettize-4bit": [{"op": "cluster", "bits": 4}],
    "palettize-2bit": [{"op": "cluster", "bits": 2}],
    "prune-50-int8": [HALF, {"op": "quantize", "weights": "int8"}],
}
#: Recipe -> least ratio of sizes, float32 ONNX / package.
LEAST = {"int8-weights": 3.7, "palettize-4bit": 6.9, "palettize-2bit": 12.0, "prune-50-int8": 5.5}
MEMORY = 4 << 30


def noise(folder: Path) -> Path:
    """Write images of noise: a test split."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (IMAGES, 3, 224, 224), dtype=np.uint8)
    np.savez(folder / "noise.npz", test_x=images)
    return folder / "noise.npz"


def row_of(row: Row, model: ModelRecord) -> dict[str, Any]:
    """Return the figures of one row; ratios are before / after."""
    found: dict[str, Any] = {"model": row.model, "recipe": row.recipe, "status": row.status}
    found |= {"reason": row.reason, "warnings": [w.code for w in row.warnings]}
    if row.deployable is None:
        return found
    quality = row.quality
    return found | {
        "bytes": row.deployable.bytes,
        "size": model.baseline.size.bytes / row.deployable.bytes,
        "bits_per_weight": row.deployable.bits_per_weight,
        "layers_changed": row.audit.layers_changed if row.audit else None,
        "layers_total": row.audit.layers_total if row.audit else None,
        "sqnr_db": quality.sqnr_db if quality else None,
        "cpu_seconds": row.cost.cpu_seconds if row.cost else None,
        "peak_rss_bytes": row.cost.peak_rss_bytes if row.cost else None,
    }


def targets(rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Return every target in words with what was found, and whether it is met."""
    found: dict[str, bool] = {}
    for row in rows:
        what, size, least = f"{row['model']} {row['recipe']}", row.get("size"), LEAST[row["recipe"]]
        shown = "nothing" if size is None else f"{size:.2f}"
        found[f"{what}: size at least {least:g} (found {shown})"] = (size or 0.0) >= least
        if peak := row.get("peak_rss_bytes"):
            found[f"{what}: under 4 GiB (found {peak / 2**30:.2f})"] = peak < MEMORY
    return found


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    legend = (
        "Inputs are 224 x 224, weights random. Size is bytes of the float32 ONNX input / of the "
        "package; layers are those that the saved file holds changed.\n"
    )
    lines = [
        "# Networks of full size through Core ML\n",
        f"{made_by(record['provenance'])}\n\n{legend}",
        "| model | recipe | size | bits a weight | layers | memory | |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    lines += [_line(row) for row in record["rows"]]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def _line(row: dict[str, Any]) -> str:
    name = row["model"].partition(":")[2]
    if "size" not in row:
        return f"| {name} | {row['recipe']} | | | | | {row['status']}: {row['reason']} |"
    notes = ", ".join(dict.fromkeys([row["status"], *row["warnings"]]))
    return (
        f"| {name} | {row['recipe']} | {row['size']:.2f}× | {row['bits_per_weight']:.2f} "
        f"| {row['layers_changed']} of {row['layers_total']} "
        f"| {(row['peak_rss_bytes'] or 0) / 2**30:.2f} GiB | {notes.removeprefix('ok, ')} |"
    )


def main() -> None:
    """Run the grid model by model, and write both records after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/coreml-full-size")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in options.models:
            results = boildown.compare(
                [Recipe.model_validate({"name": n, "steps": s}) for n, s in RECIPES.items()],
                models=model,
                backends="coreml",
                data=f"npz:{noise(folder)}",
                out=folder / "out",
                timing_seconds=2,
                on_event=tell,
            )
            source = results.comparison.models[0]
            rows += [row_of(row, source) for row in results.rows]
            record = {
                "provenance": provenance("boildown-coreml", "coremltools", "onnx2coreml"),
                "targets": targets(rows),
                "rows": rows,
            }
            write(options.out, record, page(record))


if __name__ == "__main__":
    main()
