"""Size and speed of what the ONNX Runtime backend makes of networks at 224 x 224.

    python benchmarks/onnxruntime_full_size.py [--models torchvision:resnet50 …]

See `full_size.py`. Writes results/onnxruntime-full-size.json and .md.
"""

from __future__ import annotations

from full_size import FullSize, run
from zoo_onnxruntime import GRID

FULL_SIZE = FullSize(title="Networks of full size through ONNX Runtime", grid=GRID)

if __name__ == "__main__":
    run(FULL_SIZE)
