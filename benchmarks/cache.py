"""What does a second run of an unchanged comparison cost? It should come from the cache.

    python benchmarks/cache.py [--model zoo:mobilenet_v2] [--repeats 9] [--profile FILE]

Runs `boildown compare int8-static` on all test images with an empty cache, then again and again;
each is a whole process. Target: at most 2 s + 2 % of the first run. A run with another seed is
the control: it does not come from the cache.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from processes import Seconds, program, summary, surroundings, timed
from provenance import ROOT, provenance

SECONDS, SHARE = 2.0, 0.02
RECIPE = "recipe: 1\nname: static\nsteps: [quantize: {weights: int8, activations: int8}]\n"


def both(found: list[Seconds]) -> dict[str, Any]:
    """Return wall and CPU seconds of several processes."""
    return {clock: summary([getattr(one, clock) for one in found]) for clock in ("wall", "cpu")}


def main() -> None:
    """Run everything and write the record; exit code 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="zoo:mobilenet_v2")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--profile", type=Path, help="keep a cProfile of one cached run here")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/cache.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = surroundings(folder / "cache", folder / "bytecode")
        timed([program("boildown"), "--help"], folder, environment)
        (folder / "static.yaml").write_text(RECIPE)
        (folder / "other.yaml").write_text(f"{RECIPE}seed: 1\n")
        words = ["--model", options.model, "--backend", "onnxruntime"]
        command = [program("boildown"), "compare", "static.yaml", *words]
        first = timed(command, folder, environment)
        before = (folder / "boildown-out/comparison.json").read_bytes()
        again = [timed(command, folder, environment) for _ in range(options.repeats)]
        same = (folder / "boildown-out/comparison.json").read_bytes() == before
        if options.profile is not None:
            profiled = [sys.executable, "-m", "cProfile", "-o", str(options.profile.resolve())]
            timed([*profiled, *command], folder, environment)
        other = timed([*command[:2], "other.yaml", *words], folder, environment)
    target = SECONDS + SHARE * first.wall
    record: dict[str, Any] = {
        "provenance": provenance("boildown-onnxruntime", "boildown-zoo"),
        "first_seconds": {"wall": round(first.wall, 3), "cpu": round(first.cpu, 3)},
        "again_seconds": both(again),
        "other_seed_seconds": {"wall": round(other.wall, 3), "cpu": round(other.cpu, 3)},
        "same_comparison": same,
        "target_seconds": round(target, 3),
    }
    met = same and record["again_seconds"]["wall"]["median"] <= target
    record["target_met"] = met
    options.out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    sys.stderr.write(json.dumps(record, indent=1) + "\n")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
