"""Every method of the ONNX Runtime backend on the zoo's three networks, over all test images.

    python benchmarks/zoo_onnxruntime.py [--out benchmarks/results/zoo-onnxruntime]

Runs the ready recipes that need no training and those under benchmarks/recipes, and keeps the
figures with their provenance: OUT.json, and OUT.md for people.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
from provenance import made_by, provenance
from records import tell, write

if TYPE_CHECKING:
    from boildown.comparison.schema import ModelRecord, Ratio, Row

MODELS = ("zoo:mobilenet_v2", "zoo:resnet50", "zoo:squeezenet1_1")
READY = (
    "int8-static", "int8-dynamic", "float16", "int8-weights", "int4-weights", "palettize-4bit",
    "binarize", "prune-50-element",
)  # fmt: skip
RECIPES = Path(__file__).parent / "recipes"
OWN = (RECIPES / "int8-full-range.yaml", RECIPES / "prune-cluster-int8.yaml")
HEADING = (
    "| recipe | size | deflated | bits/weight | top-1 | difference (95 % interval) "
    "| speed (95 % interval) | warnings |"
)


def figures(row: Row, model: ModelRecord) -> dict[str, Any]:
    """Return the figures of one row that a reader asks for first; ratios are before / after."""
    found: dict[str, Any] = {"model": row.model, "recipe": row.recipe, "status": row.status}
    found["warnings"] = [f"{w.code}: {w.text}" for w in row.warnings]
    if row.deployable is None or row.speed is None or not (row.quality and row.quality.metrics):
        return found | {"reason": row.reason}
    before = model.baseline.size
    top1 = row.quality.metrics[0]
    return found | {
        "bytes": row.deployable.bytes,
        "size_ratio": before.bytes / row.deployable.bytes,
        "deflated_ratio": before.deflated_bytes / row.deployable.deflated_bytes,
        "bits_per_weight": row.deployable.bits_per_weight,
        "top1": top1.value,
        "n": top1.n,
        "top1_difference": top1.difference,
        "top1_difference_interval": top1.difference_interval,
        "agreement": row.quality.agreement,
        "sqnr_db": row.quality.sqnr_db,
        "speedup_same_runtime": _ratio(row.speed.versus_same_runtime_float),
        "speedup_onnxruntime_float32": _ratio(row.speed.versus_onnxruntime_float),
        "threads": row.speed.threads,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table, a section a model."""
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        lines += [f"\n## `{model}`\n", HEADING, "|---|---:|---:|---:|---:|---:|---:|---|"]
        lines += [_line(row) for row in rows if row["model"] == model]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    codes = ", ".join(dict.fromkeys(text.partition(":")[0] for text in row["warnings"]))
    if "bytes" not in row:
        return f"| {row['recipe']} | | | | | | | {row['status']}: {row['reason']} |"
    low, high = row["top1_difference_interval"]
    speed = row["speedup_onnxruntime_float32"]
    return (
        f"| {row['recipe']} | {row['size_ratio']:.2f}× | {row['deflated_ratio']:.2f}× "
        f"| {row['bits_per_weight']:.2f} | {row['top1']:.4f} | {row['top1_difference']:+.4f} "
        f"({low:+.4f} to {high:+.4f}) | {speed['median']:.2f}× ({speed['interval'][0]:.2f} to "
        f"{speed['interval'][1]:.2f}) | {codes} |"
    )


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    return None if ratio is None else ratio.model_dump(mode="json")


def main() -> None:
    """Run the grid and write both records."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).parent / "results" / "zoo-onnxruntime"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = boildown.compare(
            [*READY, *OWN],
            models=MODELS,
            backends="onnxruntime",
            out=Path(folder) / "out",
            on_event=tell,
        )
        models = {model.uri: model for model in results.comparison.models}
        rows = [figures(row, models[row.model]) for row in results.rows]
        rows.sort(key=lambda row: MODELS.index(row["model"]))
    facts = provenance()
    record = {"provenance": facts, "rows": rows}
    text = (
        "# The zoo's networks through ONNX Runtime\n\n"
        f"{made_by(facts)} Size ratios are bytes of the float32 ONNX input / bytes of the "
        "deployable; differences are paired, n = 10,000 test images of Fashion-MNIST; speed is "
        "the CPU time of "
        "float32 ONNX Runtime / this row's, medians of interleaved pairs.\n"
    )
    write(arguments.out, record, text + table(rows) + "\n")


if __name__ == "__main__":
    main()
