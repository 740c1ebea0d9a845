"""What does boildown add to a job? The same quantization directly and through `boildown run`.

    python benchmarks/overhead.py [--model MODEL.onnx] [--images 400] [--pairs 6] [--short-pairs 15]

Whole processes in alternation, each with an empty cache. Short jobs (a small network, 16 images)
give the fixed cost in seconds added, jobs of about 60 s the relative cost. Both are medians of
paired differences or ratios. Targets: at most 1.5 s added, at most 5 % of a job of 60 s.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from processes import Seconds, program, summary, surroundings, timed
from provenance import ROOT, provenance
from resnet50 import write_resnet50

FIXED_SECONDS, SHARE = 1.5, 0.05
RECIPE = (
    "recipe: 1\nname: overhead\n"
    "input: {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}\n"
    "data: {calibrate: IMAGES, train: npz:images.npz, test: npz:images.npz}\n"
    "steps: [quantize: {weights: int8, activations: int8}]\n"
)


@dataclass(frozen=True)
class Work:
    """One job: a network and images to calibrate it on, in a folder of its own."""

    folder: Path
    model: Path
    images: int

    def prepared(self, side: int) -> Work:
        """Write what both ways read."""
        pixels = np.random.default_rng(0).integers(
            0, 256, (self.images, 3, side, side), dtype=np.uint8
        )
        np.savez(self.folder / "images.npz", calibration_x=pixels)
        (self.folder / "recipe.yaml").write_text(RECIPE.replace("IMAGES", str(self.images)))
        return self

    def directly(self) -> Seconds:
        """Quantize without boildown."""
        script = str(Path(__file__).with_name("overhead_direct.py"))
        words = [str(self.model), "images.npz", "direct.onnx"]
        return self._timed([sys.executable, script, *words])

    def through_boildown(self) -> Seconds:
        """Quantize through the command line, nothing cached."""
        words = ["--model", str(self.model), "--backend", "onnxruntime", "--no-measure"]
        return self._timed([program("boildown"), "run", "recipe.yaml", *words])

    def _timed(self, command: list[str]) -> Seconds:
        cache = self.folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        environment = surroundings(cache, self.folder.parent / "bytecode")
        return timed(command, self.folder, environment)


def paired(work: Work, pairs: int) -> list[tuple[Seconds, Seconds]]:
    """Run both ways in alternation, each first in every second pair."""
    found = []
    for number in range(pairs):
        if number % 2:
            ours, direct = work.through_boildown(), work.directly()
        else:
            direct, ours = work.directly(), work.through_boildown()
        found.append((direct, ours))
        sys.stderr.write(f"{work.images} images: {direct} directly, {ours} through boildown\n")
    return found


def figures(found: list[tuple[Seconds, Seconds]]) -> dict[str, Any]:
    """Return both ways' seconds, the seconds added, and the share added, by clock."""
    result: dict[str, Any] = {}
    for clock in ("wall", "cpu"):
        direct = [getattr(one, clock) for one, _ in found]
        ours = [getattr(other, clock) for _, other in found]
        both = list(zip(direct, ours, strict=True))
        result[clock] = {
            "direct_seconds": summary(direct),
            "boildown_seconds": summary(ours),
            "added_seconds": summary([b - a for a, b in both]),
            "added_share": summary([b / a - 1 for a, b in both]),
        }
    return result


def main() -> None:
    """Run everything and write the record; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="float32, input (N, 3, 224, 224); else ResNet50")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--short-pairs", type=int, default=15)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/overhead.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, kind) for kind in ("short", "long")]
        for folder in folders:
            folder.mkdir()
        small = write_resnet50(folders[0] / "small.onnx", side=32, width=8)
        large = options.model or write_resnet50(folders[1] / "resnet50.onnx")
        short = Work(folders[0], small, 16).prepared(32)
        long = Work(folders[1], large.resolve(), options.images).prepared(224)
        short.directly(), short.through_boildown()  # compile all bytecode
        fixed = figures(paired(short, options.short_pairs))
        relative = figures(paired(long, options.pairs)) if options.pairs else {}
    met = {"fixed": fixed["wall"]["added_seconds"]["median"] <= FIXED_SECONDS}
    if relative:
        met["relative"] = relative["wall"]["added_share"]["median"] <= SHARE
    record = {
        "provenance": provenance("boildown-onnxruntime"),
        "targets": {"fixed_seconds": FIXED_SECONDS, "share": SHARE, "met": met},
        "short_jobs": fixed,
        "long_jobs": relative,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    sys.stderr.write(json.dumps(record["targets"], indent=1) + "\n")
    sys.exit(0 if all(met.values()) else 1)


if __name__ == "__main__":
    main()
