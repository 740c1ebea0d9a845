"""The ready recipe int8-static on the zoo's three networks: is it as small, accurate and fast?

    python benchmarks/int8_static.py [--out benchmarks/results/int8-static]

Runs on all 10,000 test images through the public interface and holds the figures against the
targets of the project; keeps them with their provenance in OUT.json, and OUT.md for people.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import boildown
from provenance import ROOT, made_by, provenance
from records import read, targets_in_words, write
from zoo_figures import MODELS, figures, legend, table

LEAST_SIZE_RATIO = {"zoo:mobilenet_v2": 3.2, "zoo:resnet50": 3.5, "zoo:squeezenet1_1": 3.5}
LEAST_DIFFERENCE = -0.007
LEAST_SPEEDUP, ON_MODELS = 1.2, 2


def targets(rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Return every target in words, and whether the figures meet it."""
    found: dict[str, bool] = {}
    for row in rows:
        least = LEAST_SIZE_RATIO[row["model"]]
        found[f"{row['model']}: at least {least} times smaller"] = row["size_ratio"] >= least
        name = f"{row['model']}: interval of the top-1 difference above {LEAST_DIFFERENCE}"
        found[name] = row["top1_difference_interval"][0] > LEAST_DIFFERENCE
    fast = [row["speedup_onnxruntime_float32"]["median"] >= LEAST_SPEEDUP for row in rows]
    found[f"at least {LEAST_SPEEDUP} times faster on {ON_MODELS} networks"] = sum(fast) >= ON_MODELS
    return found


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    return (
        "# int8-static on the zoo's networks\n\n"
        f"{made_by(record['provenance'])}"
        f"\n\n{legend(record['rows'])}\n"
        f"{table(record['rows'])}\n\n{targets_in_words(record['targets'])}"
    )


def main() -> None:
    """Run the recipe and write both records; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/int8-static")
    parser.add_argument("--page", action="store_true", help="make OUT.md anew, and run nothing")
    arguments = parser.parse_args()
    if arguments.page:
        known = read(arguments.out)
        write(arguments.out, known, page(known))
        return
    with tempfile.TemporaryDirectory() as name:
        results = boildown.compare(
            "int8-static",
            models=MODELS,
            backends="onnxruntime",
            out=Path(name) / "out",
            cache=Path(name) / "cache",
        )
        models = {model.uri: model for model in results.comparison.models}
        rows = [figures(row, models[row.model]) for row in results.rows]
    record: dict[str, Any] = {
        "provenance": provenance("boildown-onnxruntime", "boildown-zoo"),
        "targets": targets(rows),
        "rows": rows,
    }
    write(arguments.out, record, page(record))
    sys.stderr.write(page(record))
    sys.exit(0 if all(record["targets"].values()) else 1)


if __name__ == "__main__":
    main()
