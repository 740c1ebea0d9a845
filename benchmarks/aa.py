"""How far can the speed ratios be trusted? The same model twice, and a model with known extra work.

    python benchmarks/aa.py [MODEL.onnx ...] [--repeats 20] [--out OUT.json]

A/A: a file is timed against itself as often as asked, each time in a fresh process. The true ratio
is 1; a 95 % interval should miss it once in twenty. Control: chains of 40 and 44 equal layers, of
which the longer one must come out slower.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from boildown import Artifact
from boildown.job.process import Limits
from boildown.measuring.bench import Bench
from boildown.measuring.inputs import model_io, write_sample
from boildown.measuring.measure import measure_speed
from boildown.measuring.requests import SpeedTimes, Target
from boildown.measuring.statistics import paired_ratio
from onnx import TensorProto, helper, numpy_helper
from provenance import ROOT, provenance

if TYPE_CHECKING:
    from boildown.comparison.schema import Ratio

WIDTH, LAYERS, MORE_LAYERS = 256, 40, 44


def chain(path: Path, layers: int) -> Path:
    """Write a model of equal layers, so that its work is known."""
    weight = np.random.default_rng(0).standard_normal((WIDTH, WIDTH)).astype(np.float32) / WIDTH
    nodes = []
    for i in range(layers):
        nodes.append(helper.make_node("MatMul", [f"t{i}", "w"], [f"m{i}"]))
        nodes.append(helper.make_node("Tanh", [f"m{i}"], [f"t{i + 1}"]))
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", WIDTH])
        for name in ("t0", f"t{layers}")
    ]
    graph = helper.make_graph(
        nodes, "chain", ports[:1], ports[1:], [numpy_helper.from_array(weight, "w")]
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path
    )
    return path


def ratios(baseline: Path, this: Path, folder: Path) -> dict[str, Ratio]:
    """Time two files against each other once; return baseline / this by clock."""
    bench = Bench(workdir=folder, log=folder / "log", limits=Limits(seconds=300))
    sample = write_sample(folder / "sample.npz", model_io(baseline), None)
    targets = [
        Target(name=name, artifact=Artifact(path=path))
        for name, path in (("baseline", baseline), ("this", this))
    ]
    times = measure_speed(targets, sample=sample, bench=bench, references=["baseline"])
    if not isinstance(times, SpeedTimes):
        raise SystemExit(times.reason)
    before, after = times.targets
    return {
        "cpu": paired_ratio(before.cpu, after.cpu),
        "wall": paired_ratio(before.wall, after.wall),
    }


def summary(found: list[Ratio], truth: float) -> dict[str, Any]:
    """Return how the repeats lie about the true ratio (of the control: short of call overhead)."""
    medians = [ratio.median for ratio in found]
    return {
        "truth": truth,
        "repeats": len(found),
        "median": float(np.median(medians)),
        "least": min(medians),
        "greatest": max(medians),
        "intervals_with_truth": sum(r.interval[0] <= truth <= r.interval[1] for r in found),
        "intervals_with_1": sum(r.interval[0] <= 1 <= r.interval[1] for r in found),
        "half_width_median": float(np.median([(r.interval[1] - r.interval[0]) / 2 for r in found])),
    }


def main() -> None:
    """Run what the command line asks for and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/aa.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short, long = chain(folder / "a.onnx", LAYERS), chain(folder / "b.onnx", MORE_LAYERS)
        pairs = [(f"A/A {path.name}", path, path, 1.0) for path in [short, *options.models]]
        pairs.append(("control: 10 % more layers", short, long, LAYERS / MORE_LAYERS))
        results = {}
        for title, baseline, this, truth in pairs:
            found = [ratios(baseline, this, folder) for _ in range(options.repeats)]
            results[title] = {
                clock: summary([one[clock] for one in found], truth) for clock in ("cpu", "wall")
            }
            sys.stderr.write(f"{title} {json.dumps(results[title], indent=1)}\n")
    report = {"provenance": provenance(), "results": results}
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
