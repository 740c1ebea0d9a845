"""Size and speed of what the NNI backend makes of networks at 224 x 224, random weights.

    python benchmarks/nni_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`; the number of classes is read from the file. Writes results/nni-full-size.json
and .md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from full_size import FullSize, Target, run

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = {"op": "prune", "sparsity": 0.5, "structure": "channel"}
INT8 = {"op": "quantize", "weights": "int8", "activations": "int8"}
RECIPES: dict[str, list[dict[str, Any]]] = {
    "prune-50-channel": [CHANNEL],
    "int8-static": [INT8],
    "prune-50-channel-int8": [CHANNEL, INT8],
}
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
    backend="nni",
    title="Networks of full size through NNI",
    packages=("boildown-nni", "boildown-torch", "nni", "torch", "torchvision"),
    recipes=RECIPES,
    targets={
        "prune-50-channel": Target("size", (2.7, 2.7, 2.7), "speed", (2.3, 2.3, 2.3)),
        "int8-static": Target("size", (3.4, 3.8, 3.4), "speed", (1.8, 2.5, 1.8)),
    },
    measure=measure,
    hold=hold,
)

if __name__ == "__main__":
    run(FULL_SIZE)
