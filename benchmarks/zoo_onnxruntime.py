"""Every method of the ONNX Runtime backend on the zoo's networks: none of them trains.

    python benchmarks/zoo_onnxruntime.py [--models zoo:mobilenet_v2 …] [--methods int8-static …]

See `zoo_grid.py`. Writes results/zoo-onnxruntime.json and .md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_grid import Grid, run

if TYPE_CHECKING:
    from zoo_grid import Steps
    from zoo_page import Held

INT8 = {"weights": "int8", "activations": "int8"}
FILTER = {"sparsity": 0.5, "structure": "filter"}
FULL = {"onnxruntime": {"reduce_range": False}}
ONCE: dict[str, Steps] = {
    "int8-static": [{"quantize": INT8}],
    "int8-static-full-range": [{"quantize": {**INT8, "with": FULL}}],
    "int8-dynamic": [{"quantize": {"weights": "int8", "activations": "dynamic"}}],
    "float16": [{"quantize": {"weights": "float16"}}],
    "int8-weights": [{"quantize": {"weights": "int8"}}],
    "int4-weights": [{"quantize": {"weights": "int4"}}],
    "binarize": [{"quantize": {"weights": "int1"}}],
    "palettize-4bit": [{"cluster": {"bits": 4}}],
    "prune-50-element": [{"prune": {"sparsity": 0.5}}],
    "prune-50-element-global": [{"prune": {"sparsity": 0.5, "scope": "global"}}],
    "prune-50-filter": [{"prune": FILTER}],
    "prune-50-filter-global": [{"prune": {**FILTER, "scope": "global"}}],
    "prune-cluster-int8": [
        {"prune": {"sparsity": 0.3}},
        {"cluster": {"bits": 4, "keep_sparsity": True}},
        {"quantize": {**INT8, "granularity": "tensor"}},
    ],
}


def targets(held: Held) -> None:
    """Say what the figures should be."""
    for model in held.models:
        held.hold(model, "int8-static", "within 0.7 point", "difference", -0.007)


GRID = Grid(
    backend="onnxruntime",
    title="The zoo's networks through ONNX Runtime",
    packages=("boildown-onnxruntime", "boildown-zoo"),
    once=ONCE,
    trained={},
    targets=targets,
)

if __name__ == "__main__":
    run(GRID)
