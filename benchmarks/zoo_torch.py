"""Every method of the PyTorch backend on the zoo's networks.

    python benchmarks/zoo_torch.py [--models zoo:mobilenet_v2 …] [--methods int8-static …]

Hours; see `zoo_grid.py`. Writes results/zoo-torch.json and .md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_grid import Grid, run

if TYPE_CHECKING:
    from zoo_grid import Steps
    from zoo_page import Held

TUNE = {"epochs": 1, "learning_rate": 3e-4}
SLOW = {"epochs": 1, "learning_rate": 1e-4}
LONG = {"epochs": 3, "learning_rate": 1e-3}

FILTER = {"sparsity": 0.5, "structure": "filter"}
STATIC = {"quantize": {"weights": "int8", "activations": "int8"}}
ONCE: dict[str, Steps] = {
    "int8-static": [STATIC],
    "int8-dynamic": [{"quantize": {"weights": "int8", "activations": "dynamic"}}],
    "float16": [{"quantize": {"weights": "float16"}}],
    "int8-weights": [{"quantize": {"weights": "int8"}}],
    "int4-weights": [{"quantize": {"weights": "int4", "granularity": "channel"}}],
    "int2-weights": [{"quantize": {"weights": "int2", "granularity": "channel"}}],
    "binarize": [{"quantize": {"weights": "int1", "granularity": "channel"}}],
    "palettize-4bit": [{"cluster": {"bits": 4}}],
    "palettize-3bit": [{"cluster": {"bits": 3}}],
    "palettize-2bit": [{"cluster": {"bits": 2}}],
    "prune-50-element": [{"prune": {"sparsity": 0.5}}],
    "prune-50-element-global": [{"prune": {"sparsity": 0.5, "scope": "global"}}],
    "prune-50-filter": [{"prune": FILTER}],
    "prune-50-filter-global": [{"prune": {**FILTER, "scope": "global"}}],
    "prune-50-channel": [{"prune": {"sparsity": 0.5, "structure": "channel"}}],
    "int8-static-pte": [{"quantize": {**STATIC["quantize"], "with": {"torch": {"format": "pte"}}}}],
    "prune-50-element-pte": [{"prune": {"sparsity": 0.5, "with": {"torch": {"format": "pte"}}}}],
    "prune-50-element-pt2": [{"prune": {"sparsity": 0.5, "with": {"torch": {"format": "pt2"}}}}],
}
#: In the order in which they run: first what a target asks for.
TRAINED: dict[str, Steps] = {
    "int8-aware": [{"quantize": {"weights": "int8", "activations": "int8", "train": TUNE}}],
    "int8-aware-slow": [
        {"quantize": {"weights": "int8", "activations": "int8", "train": SLOW}},
    ],
    "prune-50-channel-trained": [
        {"prune": {"sparsity": 0.5, "structure": "channel", "train": LONG}},
    ],
    "prune-50-channel-all-images": [
        {"prune": {"sparsity": 0.5, "structure": "channel", "train": LONG}},
    ],
    "palettize-4bit-trained": [{"cluster": {"bits": 4, "train": TUNE}}],
    "deep-compression": [
        {"prune": {"sparsity": 0.75, "schedule": "cubic", "train": LONG}},
        {"cluster": {"bits": 4, "keep_sparsity": True, "train": TUNE}},
        {"quantize": {"weights": "int8", "activations": "int8", "granularity": "tensor"}},
    ],
    "distill-half": [{"distill": {"width": 0.5, "train": LONG}}],
    "student-alone": [{"distill": {"width": 0.5, "alpha": 0.0, "train": LONG}}],
    "binarize-trained": [
        {"quantize": {"weights": "int1", "granularity": "channel", "train": TUNE}},
    ],
    "int2-trained": [
        {"quantize": {"weights": "int2", "granularity": "channel", "train": TUNE}},
    ],
    "palettize-3bit-trained": [{"cluster": {"bits": 3, "train": TUNE}}],
    "palettize-2bit-trained": [{"cluster": {"bits": 2, "train": TUNE}}],
}
#: By network, what is not run unless it is asked for: it takes hours of training.
LEFT_OUT = {
    "zoo:resnet50": (
        "int8-aware-slow",
        "prune-50-channel-all-images",
        "distill-half",
        "student-alone",
        "binarize-trained",
        "int2-trained",
        "palettize-3bit-trained",
        "palettize-2bit-trained",
    ),
    "zoo:mobilenet_v2": ("deep-compression", "int8-aware-slow"),
    "zoo:squeezenet1_1": ("deep-compression", "prune-50-channel-all-images"),
}


def targets(held: Held) -> None:
    """Say what the figures should be."""
    for model in held.models:
        held.hold(model, "int8-static", "within 0.5 point", "difference", -0.005)
        held.hold_against(model, "int8-aware", "int8-static")
        held.hold_against(model, "int8-aware-slow", "int8-static")
        held.hold(model, "palettize-4bit-trained", "within 1 point", "difference", -0.01)
    for model, method in (
        ("zoo:mobilenet_v2", "prune-50-channel-all-images"),
        ("zoo:resnet50", "prune-50-channel-trained"),
    ):
        held.hold(model, method, "within 2 points", "difference", -0.02)
    deep = ("zoo:resnet50", "deep-compression")
    held.hold(*deep, "15 times smaller, deflated", "deflated_ratio", 15)
    held.hold(*deep, "within 2 points", "difference", -0.02)
    held.hold_parity(0.995)


GRID = Grid(
    backend="torch",
    title="The zoo's networks through PyTorch",
    packages=("boildown-torch", "boildown-zoo", "torch", "torchao"),
    once=ONCE,
    trained=TRAINED,
    targets=targets,
    left_out=LEFT_OUT,
    on_all_images=("prune-50-channel-all-images",),
)

if __name__ == "__main__":
    run(GRID)
