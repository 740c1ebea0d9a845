"""Size and speed of what the PyTorch backend makes of networks at 224 x 224, random weights.

    python benchmarks/torch_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`; the ratio to eager PyTorch is measured here in the same way. Writes
results/torch-full-size.json and .md.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from boildown import OnnxRuntime
from boildown.model.normalize import normalize
from boildown.plugins.models import find_model
from boildown_torch.importer import import_onnx
from full_size import FullSize, run
from full_size_inputs import MODELS
from full_size_page import Target, held
from zoo_torch import GRID, STATIC

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = {
    "int8-static": Target("size", (3.5, 3.8, 3.4), "speed", (1.8, 2.8, 1.8)),
    "int8-dynamic": Target("size", (1.35, 1.05, 0)),
    "prune-50-channel": Target("size", (2.7, 2.7, 2.7), "speed", (2.3, 2.3, 2.3)),
    "prune-50-channel-int8": Target("size", (8.8, 8.8, 8.8), "speed", (2.4, 2.4, 2.4)),
    "int8-static-pte": Target(
        "size_same_format", (3.3, 3.3, 3.3), "speed_same_runtime", (1.0, 1.0, 1.0)
    ),
}
EAGER = 4.0
PAIRS, INNER = 15, 2


def measure(uri: str, recipe: str, file: Path, folder: Path) -> dict[str, Any]:
    """Return the ratio to eager PyTorch of the row that has a target for it."""
    return {"speed_eager": against_eager(uri, file, folder)} if recipe == "int8-static" else {}


def against_eager(uri: str, int8: Path, folder: Path) -> dict[str, Any]:
    """Return the paired ratio of CPU time, eager PyTorch / the int8 file in ONNX Runtime."""
    torch.set_num_threads(1)
    images = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    source = onnx.load(normalize(find_model(uri, folder).path, folder / "float.onnx").path)
    module, session = import_onnx(source).eval(), OnnxRuntime(int8, 1)
    name = source.graph.input[0].name

    def eager() -> None:
        with torch.inference_mode():
            module(torch.from_numpy(images))

    def deployed() -> None:
        session.run({name: images})

    ratios = []
    for _ in range(PAIRS):
        seconds = []
        for work in (eager, deployed):
            work()
            start = time.process_time()
            for _ in range(INNER):
                work()
            seconds.append(time.process_time() - start)
        ratios.append(seconds[0] / seconds[1])
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {"median": middle, "q1": low, "q3": high, "n": PAIRS}


def hold(row: dict[str, Any]) -> dict[str, bool]:
    """Hold what is not a plain ratio against its target."""
    if row["recipe"] == "int8-static":
        median = (row.get("speed_eager") or {}).get("median")
        return held(row, "speed against eager", median, EAGER)
    if row["recipe"] == "int8-dynamic" and row["model"] == MODELS[-1]:
        words = f"{row['model']} {row['recipe']}: no effect, and said so"
        return {words: row["status"] == "no_effect"}
    return {}


FULL_SIZE = FullSize(
    title="Networks of full size through PyTorch",
    grid=GRID,
    trained=("int8-aware", "deep-compression", "distill-half"),
    more={"prune-50-channel-int8": [*GRID.once["prune-50-channel"], STATIC]},
    targets=TARGETS,
    measure=measure,
    hold=hold,
)

if __name__ == "__main__":
    run(FULL_SIZE)
