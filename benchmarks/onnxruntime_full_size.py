"""Size and speed of what the ONNX Runtime backend makes of networks at 224 x 224.

    python benchmarks/onnxruntime_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`. Writes results/onnxruntime-full-size.json and .md.
"""

from __future__ import annotations

from typing import Any

from full_size import FullSize, run

RECIPES: dict[str, list[dict[str, Any]]] = {
    "int8-static": [{"op": "quantize", "weights": "int8", "activations": "int8"}],
    "int8-dynamic": [{"op": "quantize", "weights": "int8", "activations": "dynamic"}],
    "float16": [{"op": "quantize", "weights": "float16"}],
    "int4-weights": [{"op": "quantize", "weights": "int4"}],
    "palettize-4bit": [{"op": "cluster", "bits": 4}],
    "binarize": [{"op": "quantize", "weights": "int1"}],
    "prune-50-element": [{"op": "prune", "sparsity": 0.5}],
}
FULL_SIZE = FullSize(
    backend="onnxruntime",
    title="Networks of full size through ONNX Runtime",
    packages=("boildown-onnxruntime", "torchvision"),
    recipes=RECIPES,
    targets={},
)

if __name__ == "__main__":
    run(FULL_SIZE)
