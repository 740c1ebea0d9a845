"""Size and memory of what the Core ML backend makes of networks at 224 x 224.

    python benchmarks/coreml_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`; nothing is timed, since running Core ML requires macOS. Writes
results/coreml-full-size.json and .md.
"""

from __future__ import annotations

from full_size import FullSize, run
from full_size_page import Target
from zoo_coreml import GRID

FULL_SIZE = FullSize(
    title="Networks of full size through Core ML",
    grid=GRID,
    trained=("int8-static-trained", "prune-75-trained"),
    targets={
        "int8-weights": Target("size", (3.7, 3.7, 3.7)),
        "palettize-4bit": Target("size", (6.9, 6.9, 6.9)),
        "palettize-2bit": Target("size", (12.0, 12.0, 12.0)),
        "prune-50-int8": Target("size", (5.5, 5.5, 5.5)),
    },
)

if __name__ == "__main__":
    run(FULL_SIZE)
