"""Size and speed of what the TensorFlow Lite backend makes of networks at 224 x 224.

    python benchmarks/tflite_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`. Writes results/tflite-full-size.json and .md.
"""

from __future__ import annotations

from full_size import FullSize, run
from full_size_page import Target
from zoo_tflite import GRID

FULL_SIZE = FullSize(
    title="Networks of full size through TensorFlow Lite",
    grid=GRID,
    trained=("int8-aware", "prune-50-aware", "deep-compression", "distill-half"),
    targets={
        "int8-static": Target("size", (3.4, 3.8, 3.6), "speed_same_runtime", (1.8, 2.5, 2.0)),
    },
)

if __name__ == "__main__":
    run(FULL_SIZE)
