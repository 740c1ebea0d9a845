"""One recipe file, five toolkits, three networks, all 10,000 test images: how long does it take?

    python benchmarks/five.py [--jobs 2]

Carries out `boildown compare benchmarks/recipes/int8-static.yaml` on the zoo's networks with an
empty cache, as the command line does it. Writes results/five.json with the time and what the page
must hold, results/five.md, and results/five.html: the page of the comparison itself.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boildown import load_results
from provenance import ROOT, made_by, provenance
from records import read, targets_in_words, write
from zoo_figures import MODELS, figures, legend, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown.comparison.schema import ModelRecord, Row

RECIPE = ROOT / "benchmarks/recipes/int8-static.yaml"
BACKENDS = ("torch", "tflite", "coreml", "nni", "onnxruntime")
IMAGES = 10_000
MOST_MINUTES = 25.0


def compare(out: Path, cache: Path, jobs: int) -> tuple[int, float, float]:
    """Run the command; return its exit code, minutes by the clock, and CPU minutes of all of it."""
    models = [word for model in MODELS for word in ("--model", model)]
    program = str(Path(sys.executable).with_name("boildown"))
    words = ["compare", str(RECIPE), *models, "--jobs", str(jobs), "--out", str(out)]
    own = {**os.environ, "BOILDOWN_CACHE": str(cache)}
    start = time.monotonic()
    ended = subprocess.run([program, *words], check=False, env=own)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    minutes = (time.monotonic() - start) / 60
    return ended.returncode, minutes, (used.ru_utime + used.ru_stime) / 60


def targets(rows: list[dict[str, Any]], minutes: float, code: int) -> dict[str, bool]:
    """Return every target in words with what was found, and whether it is met."""
    cells = {(row["model"], row["backend"]) for row in rows if row["status"] == "ok"}
    asked = {(model, backend) for model in MODELS for backend in BACKENDS}
    tested = {row["n"] for row in rows}
    return {
        f"no row is missing (found {len(cells & asked)} of {len(asked)} ok)": cells == asked,
        f"every row on {IMAGES:,} images (found {sorted(tested)})": tested == {IMAGES},
        f"at most {MOST_MINUTES:g} minutes (found {minutes:.1f})": minutes <= MOST_MINUTES,
        f"exit code 0 (found {code})": code == 0,
    }


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    return (
        "# One recipe, five toolkits\n\n"
        f"{made_by(record['provenance'])}\n\nThe comparison took {record['minutes']:.1f} minutes "
        f"by the clock and {record['cpu_minutes']:.1f} minutes of CPU, {record['jobs']} jobs at a "
        "time while compressing, measurements alone. Its page is [five.html](five.html): download "
        "it and open it in a browser (the comparison.json that it names is not kept).\n\n"
        f"{legend(record['rows'])}\n"
        f"{table(record['rows'])}\n\n{targets_in_words(record['targets'])}"
    )


def main() -> None:
    """Run, and write all three records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/five")
    parser.add_argument("--page", action="store_true", help="make OUT.md anew, and run nothing")
    options = parser.parse_args()
    if options.page:
        known = read(options.out)
        write(options.out, known, page(known))
        return
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        code, minutes, cpu = compare(out, Path(name) / "cache", options.jobs)
        results = load_results(out)
        models = {model.uri: model for model in results.comparison.models}
        rows = [_row(row, models) for row in results.rows]
        shutil.copyfile(out / "comparison.html", options.out.with_suffix(".html"))
    record = {
        "provenance": provenance("boildown-zoo", *(f"boildown-{name}" for name in BACKENDS)),
        "jobs": options.jobs,
        "minutes": minutes,
        "cpu_minutes": cpu,
        "targets": targets(rows, minutes, code),
        "rows": rows,
    }
    write(options.out, record, page(record))


def _row(row: Row, models: Mapping[str, ModelRecord]) -> dict[str, Any]:
    found = {"n": 0, "backend": row.backend} | figures(row, models[row.model])
    return found | {"recipe": f"{row.recipe} on {row.backend}"}


if __name__ == "__main__":
    main()
