"""Do failures stay where they are? Many tiny jobs in parallel, with deaths injected at random.

    python benchmarks/chaos.py [--jobs 200] [--parallel 8] [--seconds 40] [--seed 0]

Each job stores a tiny model in float16 with the backend of `chaos_backend.py`, under a fate that a
seeded generator draws: it lives, raises, refuses, exits, crashes, is killed at a random moment,
hangs (with a child), eats memory, litters, or leaves an orphan. Exit code 1 where anything is
amiss: a job without its one result, another result than its fate's, other numbers in a job that
lived, a process or temporary file left, a damaged cache, or a host whose memory grew.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import psutil
from boildown import Recipe
from boildown.api import carry_out
from boildown.job.process import Limits
from boildown.runner.housekeeping import verify
from boildown.runner.request import Request
from boildown.runner.store import Store
from chaos_backend import FATES
from onnx import numpy_helper
from provenance import ROOT, provenance

if TYPE_CHECKING:
    from boildown.comparison.schema import Row
    from boildown.runner.events import Event

#: Half of the jobs live.
SHARES = {fate: 0.5 if fate == "live" else 0.5 / (len(FATES) - 1) for fate in FATES}
#: Audited events between the beginning of a step and its end, at the least.
MOMENTS = 20
MEMORY_LIMIT = 384 << 20
#: Growth of the host between the first tenth of the jobs and the last that counts as flat.
MOST_GROWTH = 8 << 20


def install(site: Path) -> None:
    """Make the backend a distribution of its own that this process and its children find."""
    info = site / "boildown_chaos-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boildown-chaos\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[boildown.backends]\nchaos = chaos_backend\n")
    (site / "chaos_backend.py").write_bytes(
        Path(__file__).with_name("chaos_backend.py").read_bytes()
    )
    sys.path.insert(0, str(site))
    os.environ["PYTHONPATH"] = str(site)


def tiny_model(path: Path) -> Path:
    """Write a network of one dense layer, 64 -> 8."""
    graph = '<ir_version: 10, opset_import: ["" : 17]> tiny (float[N, 64] x) => (float[N, 8] y)'
    model = onnx.parser.parse_model(f"{graph} {{ y = MatMul(x, w) }}")
    weight = np.random.default_rng(0).standard_normal((64, 8)).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    model.graph.node[0].name = "dense"
    onnx.save(model, path)
    return path


def recipes(jobs: int, seed: int) -> dict[str, Recipe]:
    """Return a recipe for each job under a name that begins with its fate; every fate occurs."""
    rng = np.random.default_rng(seed)
    fates = [*FATES, *rng.choice(list(SHARES), max(jobs - len(FATES), 0), p=list(SHARES.values()))]
    drawn = {}
    for number, fate in enumerate(rng.permutation(fates[:jobs])):
        told = {"fate": str(fate), "moment": int(rng.integers(1, MOMENTS))}
        step = {"op": "quantize", "weights": "float16", "with": {"chaos": told}}
        name = f"{fate}-{number}"
        drawn[name] = Recipe.model_validate({"name": name, "seed": number, "steps": [step]})
    return drawn


class Host:
    """What this process holds, noted down whenever a job begins."""

    def __init__(self) -> None:
        self.process = psutil.Process()
        self.rss: list[int] = []
        self.descriptors = self.process.num_fds()

    def hear(self, event: Event) -> None:
        """Take a sample at the beginning of each job."""
        if event.kind == "started":
            gc.collect()
            self.rss.append(self.process.memory_info().rss)

    def record(self) -> dict[str, Any]:
        """Return the memory at first and at last (medians of a tenth of the jobs), and growth."""
        tenth = max(len(self.rss) // 10, 1)
        # The first jobs load what all of them need.
        first, last = np.median(self.rss[tenth : 2 * tenth]), np.median(self.rss[-tenth:])
        return {
            "rss_first_bytes": int(first),
            "rss_last_bytes": int(last),
            "rss_growth_bytes": int(last - first),
            "rss_bytes": self.rss[:: max(tenth // 2, 1)],
            "descriptors_before": self.descriptors,
            "descriptors_after": self.process.num_fds(),
        }


def left_behind(folder: Path) -> dict[str, list[str]]:
    """Return the processes and temporary files that should be gone."""
    ours = [psutil.Process(), *psutil.Process().children(recursive=True)]
    processes = [f"{process.name()} ({process.status()})" for process in ours[1:]]
    for process in psutil.process_iter(["cwd", "pid"]):
        cwd = process.info["cwd"] or ""
        if cwd.startswith(str(folder)) and process.pid not in {one.pid for one in ours}:
            processes.append(f"{process.name()} in {cwd}")
    files = [path.name for path in (folder / "tmp").rglob("*") if path.suffix != ".lock"]
    files += [path.name for path in (folder / "cache").rglob(".*")]
    return {"processes": processes, "temporary_files": files}


def amiss(record: dict[str, Any]) -> list[str]:
    """Return in words what is not as it should be."""
    checks = {
        "not every job has exactly one result": record["results"] != record["asked"],
        "results differ from their fates": bool(record["unexpected"]),
        "jobs that lived made different files": record["files_of_the_living"] != 1,
        "processes are left": bool(record["left"]["processes"]),
        "temporary files are left": bool(record["left"]["temporary_files"]),
        "the cache is damaged": record["cache"]["damaged"] > 0,
        "the host's memory grew": record["host"]["rss_growth_bytes"] > MOST_GROWTH,
        "descriptors are left open": record["host"]["descriptors_after"]
        > record["host"]["descriptors_before"],
    }
    return [words for words, wrong in checks.items() if wrong]


def tell(rows: tuple[Row, ...], asked: dict[str, Recipe]) -> dict[str, Any]:
    """Count what came of the jobs, and name what is not as its fate says."""
    fates = {name: name.partition("-")[0] for name in asked}
    made = {row.deployable.sha256 for row in rows if row.status == "ok" and row.deployable}
    return {
        "asked": len(asked),
        "results": len(rows) if {row.recipe for row in rows} == set(asked) else -1,
        "by_fate": dict(Counter(fates.values())),
        "by_status": dict(Counter(row.status for row in rows)),
        "unexpected": [
            f"{row.recipe}: {row.status}: {row.reason[:200]}"
            for row in rows
            if row.status != FATES[fates[row.recipe]]
        ],
        "files_of_the_living": len(made),
    }


def run(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run all jobs in `folder` and return what came of them."""
    (folder / "tmp").mkdir()
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "tmp")
    install(folder / "site")
    asked = recipes(options.jobs, options.seed)
    request = Request(
        recipes=tuple(asked.values()),
        models=(str(tiny_model(folder / "tiny.onnx")),),
        backends=("chaos",),
        jobs=options.parallel,
        measure=False,
        limits=Limits(seconds=options.seconds, memory_bytes=MEMORY_LIMIT),
        out=folder / "out",
    )
    host, started = Host(), time.monotonic()
    rows = carry_out(request, on_event=host.hear, cache=folder / "cache").rows
    states = Counter(state for _, state in verify(Store(folder / "cache")))
    return {
        **tell(rows, asked),
        "wall_seconds": round(time.monotonic() - started, 1),
        "host": host.record(),
        "left": left_behind(folder),
        "cache": {state: states[state] for state in ("finished", "unfinished", "damaged")},
    }


def main() -> None:
    """Run everything and write the record; exit code 1 where something is amiss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=40, help="limit of one job")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/chaos.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        record = {"provenance": provenance(), **run(Path(name).resolve(), options)}
    record["amiss"] = amiss(record)
    options.out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    sys.stderr.write(json.dumps(record, indent=1) + "\n")
    sys.exit(1 if record["amiss"] else 0)


if __name__ == "__main__":
    main()
