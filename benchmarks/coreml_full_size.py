"""Size and memory of what the Core ML backend makes of networks at 224 x 224.

    python benchmarks/coreml_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`; nothing is timed, since running Core ML requires macOS. Writes
results/coreml-full-size.json and .md.
"""

from __future__ import annotations

from typing import Any

from full_size import FullSize, Target, run

HALF = {"op": "prune", "sparsity": 0.5}
RECIPES: dict[str, list[dict[str, Any]]] = {
    "int8-weights": [{"op": "quantize", "weights": "int8"}],
    "palettize-4bit": [{"op": "cluster", "bits": 4}],
    "palettize-2bit": [{"op": "cluster", "bits": 2}],
    "prune-50-int8": [HALF, {"op": "quantize", "weights": "int8"}],
}
FULL_SIZE = FullSize(
    backend="coreml",
    title="Networks of full size through Core ML",
    packages=("boildown-coreml", "coremltools", "onnx2coreml", "torchvision"),
    recipes=RECIPES,
    targets={
        "int8-weights": Target("size", (3.7, 3.7, 3.7)),
        "palettize-4bit": Target("size", (6.9, 6.9, 6.9)),
        "palettize-2bit": Target("size", (12.0, 12.0, 12.0)),
        "prune-50-int8": Target("size", (5.5, 5.5, 5.5)),
    },
)

if __name__ == "__main__":
    run(FULL_SIZE)
