"""Size and speed of what the TensorFlow Lite backend makes of networks at 224 x 224.

    python benchmarks/tflite_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`. Writes results/tflite-full-size.json and .md.
"""

from __future__ import annotations

from typing import Any

from full_size import FullSize, Target, run

RECIPES: dict[str, list[dict[str, Any]]] = {
    "int8-static": [{"op": "quantize", "weights": "int8", "activations": "int8"}],
    "float16": [{"op": "quantize", "weights": "float16"}],
    "int8-dynamic": [{"op": "quantize", "weights": "int8", "activations": "dynamic"}],
    "int4-weights": [{"op": "quantize", "weights": "int4"}],
}
FULL_SIZE = FullSize(
    backend="tflite",
    title="Networks of full size through TensorFlow Lite",
    packages=("boildown-tflite", "tensorflow", "tf-keras", "ai-edge-litert", "ai-edge-quantizer"),
    recipes=RECIPES,
    targets={
        "int8-static": Target("size", (3.4, 3.8, 3.6), "speed_same_runtime", (1.8, 2.5, 2.0)),
    },
)

if __name__ == "__main__":
    run(FULL_SIZE)
