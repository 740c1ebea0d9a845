"""How large is the page of a comparison of 300 jobs, and how fast does it load?

    python benchmarks/page.py [--jobs 300] [--repeats 9] [--run FOLDER]

Runs three recipes on the zoo's networks (or takes the comparison in FOLDER), and repeats the rows
under other names, with their figures and histograms varied at random, until there are as many as
asked. Chromium loads the page, each time in a process of its own. Targets: below 8 MB, and both
plots drawn within 2 s of opening it (median of wall time, so on a computer with nothing else to
do; beside it the CPU time of the page's main thread, which other processes do not lengthen).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import boildown
import numpy as np
from boildown.comparison.schema import Comparison, Row
from boildown.report.page.page import write_page
from browser import chromium
from playwright.sync_api import sync_playwright
from provenance import ROOT, provenance
from records import tell

MOST_BYTES, MOST_SECONDS = 8e6, 2.0
MODELS = ("zoo:mobilenet_v2", "zoo:resnet50", "zoo:squeezenet1_1")
RECIPES = ("int8-static", "palettize-4bit", "float16")
#: When both plots and the table are there; counted from the start of the navigation.
LOADED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const drawn = document.querySelectorAll(".plot .scatterlayer .trace").length;
    done([performance.now() / 1000, drawn, document.querySelectorAll("tbody.job").length]);
})))"""


def varied(row: Row, copy: int, random: np.random.Generator) -> Row:
    """Return the row under another name, its figures and histograms off by some percent."""
    factor = float(random.lognormal(0, 0.1))
    plain = row.model_dump(mode="json")
    plain["recipe"] = f"{row.recipe}-{copy}"
    file, speed, audit = plain["deployable"], plain["speed"], plain["audit"]
    if file and file["deflated_bytes"]:
        file["deflated_bytes"] = int(file["deflated_bytes"] * factor)
    for name in ("versus_same_runtime_float", "versus_onnxruntime_float"):
        if speed and (ratio := speed[name]):
            ends = [end * factor for end in ratio["interval"]]
            speed[name] = ratio | {"median": ratio["median"] * factor, "interval": ends}
    for metric in plain["quality"]["metrics"] if plain["quality"] else ():
        if metric["difference"] is not None:
            shift = float(random.normal(0, 0.01))
            metric["difference"] += shift
            metric["difference_interval"] = [end + shift for end in metric["difference_interval"]]
    for layer in audit["layers"] if audit else ():
        if layer["histogram"]:
            counts = np.array(layer["histogram"]["after"]) * random.lognormal(0, 0.05, 1)
            layer["histogram"]["after"] = random.poisson(counts).tolist()
    return Row.model_validate(plain)


def enlarged(comparison: Comparison, jobs: int) -> Comparison:
    """Return a comparison of so many rows, the real ones first."""
    random, rows = np.random.default_rng(0), list(comparison.results)
    real = len(rows)
    while len(rows) < jobs:
        rows.append(varied(rows[len(rows) % real], len(rows) // real, random))
    return comparison.model_copy(update={"results": tuple(rows[:jobs])})


class Load(NamedTuple):
    """One opening of the page: seconds until it is drawn, of them CPU, and what there was."""

    wall: float
    cpu: float
    traces: int
    rows: int


def load(page: Path) -> Load:
    """Open the page in a new browser."""
    with sync_playwright() as playwright, chromium(playwright) as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        session = tab.context.new_cdp_session(tab)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        tab.goto(page.as_uri(), wait_until="load")
        seconds, traces, rows = tab.evaluate(LOADED)
        metrics = session.send("Performance.getMetrics")["metrics"]
    cpu = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
    return Load(seconds, cpu, traces, rows)


def summary(seconds: list[float]) -> dict[str, float]:
    """Return the median with the extremes and n."""
    middle, ends = statistics.median(seconds), (min(seconds), max(seconds))
    rounded = {"median": round(middle, 3), "min": round(ends[0], 3), "max": round(ends[1], 3)}
    return {**rounded, "n": len(seconds)}


def main() -> None:
    """Measure and write the record; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--run", type=Path, help="folder of a comparison to take the rows from")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/page.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.run or Path(name) / "run"
        if options.run is None:
            boildown.compare(
                RECIPES, models=MODELS, backends="onnxruntime", samples=500, timing_seconds=1,
                out=folder, on_event=tell,
            )  # fmt: skip
        comparison = enlarged(boildown.load_results(folder).comparison, options.jobs)
        # Logs are read from beside the rows: every copy has that of the row it was made from.
        start = time.perf_counter()
        page = write_page(comparison, folder)
        written = time.perf_counter() - start
        size = page.stat().st_size
        layers = sum(len(row.audit.layers) for row in comparison.results if row.audit)
        found = [load(page) for _ in range(options.repeats)]
    if {one.rows for one in found} != {options.jobs} or not all(one.traces for one in found):
        raise RuntimeError(f"the page did not show all rows and plots: {found}")
    wall = summary([one.wall for one in found])
    record: dict[str, Any] = {
        "provenance": provenance("plotly", "jinja2", "playwright"),
        "jobs": options.jobs,
        "layers_with_histograms": layers,
        "bytes": size,
        "write_seconds": round(written, 3),
        "load_seconds": wall,
        "load_cpu_seconds_of_main_thread": summary([one.cpu for one in found]),
        "targets": {"below 8 MB": size < MOST_BYTES, "within 2 s": wall["median"] <= MOST_SECONDS},
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    sys.stderr.write(json.dumps(record, indent=1) + "\n")
    sys.exit(0 if all(record["targets"].values()) else 1)


if __name__ == "__main__":
    main()
