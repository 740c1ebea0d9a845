"""Size and speed of what the NNI backend makes of networks at 224 x 224, random weights.

    python benchmarks/nni_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`. Writes results/nni-full-size.json and .md.
"""

from __future__ import annotations

from typing import Any

from full_size import FullSize, Target, run

CHANNEL = {"op": "prune", "sparsity": 0.5, "structure": "channel"}
INT8 = {"op": "quantize", "weights": "int8", "activations": "int8"}
RECIPES: dict[str, list[dict[str, Any]]] = {
    "prune-50-channel": [CHANNEL],
    "int8-static": [INT8],
    "prune-50-channel-int8": [CHANNEL, INT8],
}
FULL_SIZE = FullSize(
    backend="nni",
    title="Networks of full size through NNI",
    packages=("boildown-nni", "boildown-torch", "nni", "torch", "torchvision"),
    recipes=RECIPES,
    targets={
        "prune-50-channel": Target("size", (2.7, 2.7, 2.7), "speed", (2.3, 2.3, 2.3)),
        "int8-static": Target("size", (3.4, 3.8, 3.4), "speed", (1.8, 2.5, 1.8)),
    },
)

if __name__ == "__main__":
    run(FULL_SIZE)
