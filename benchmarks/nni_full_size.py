"""Size and speed of what the NNI backend makes of networks at 224 x 224, random weights.

    python benchmarks/nni_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`; the number of classes is read from the file. Writes results/nni-full-size.json
and .md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from full_size import FullSize, run
from full_size_page import Target
from zoo_nni import CHANNEL, GRID, INT8

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = 1000


def measure(_uri: str, _recipe: str, file: Path, _folder: Path) -> dict[str, Any]:
    """Return the number of classes that a file puts out."""
    (output,) = onnx.load(file).graph.output
    return {"classes": output.type.tensor_type.shape.dim[-1].dim_value}


def hold(row: dict[str, Any]) -> dict[str, bool]:
    """Hold the number of classes against that of the source."""
    found = row.get("classes")
    return {f"{row['model']} {row['recipe']}: {CLASSES} classes (found {found})": found == CLASSES}


FULL_SIZE = FullSize(
    title="Networks of full size through NNI",
    grid=GRID,
    trained=(
        "int8-aware",
        "lsq-int4",
        "dorefa-int4",
        "bnn-weights",
        "distill-dynamic",
        "prune-then-int8-aware",
    ),
    more={"l1-50-channel-int8": [{"prune": CHANNEL}, {"quantize": INT8}]},
    targets={
        "l1-50-channel": Target("size", (2.7, 2.7, 2.7), "speed", (2.3, 2.3, 2.3)),
        "int8-static": Target("size", (3.4, 3.8, 3.4), "speed", (1.8, 2.5, 1.8)),
    },
    measure=measure,
    hold=hold,
)

if __name__ == "__main__":
    run(FULL_SIZE)
