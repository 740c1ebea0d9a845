"""Every method of the NNI backend on the zoo's networks.

    python benchmarks/zoo_nni.py [--models zoo:mobilenet_v2 …] [--methods int8-static …]

Hours; see `zoo_grid.py`. Writes results/zoo-nni.json and .md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_grid import Grid, run

if TYPE_CHECKING:
    from zoo_grid import Steps
    from zoo_page import Held

TUNE = {"epochs": 1, "learning_rate": 3e-4}
TWICE = {"epochs": 2, "learning_rate": 1e-3}
LONG = {"epochs": 3, "learning_rate": 1e-3}


def few_bits(weights: str, **nni: str) -> Steps:
    """Return a step that trains weights of few bits, with a class of NNI."""
    return [{"quantize": {"weights": weights, "train": TWICE, "with": {"nni": nni}}}]


def half(**nni: str) -> Steps:
    """Return a step that teaches a student of half the width, with a class of NNI."""
    return [{"distill": {"width": 0.5, "train": LONG, "with": {"nni": nni}}}]


INT8 = {"weights": "int8", "activations": "int8"}
CHANNEL = {"sparsity": 0.5, "structure": "channel"}
ONCE: dict[str, Steps] = {
    "int8-static": [{"quantize": INT8}],
    "int8-weights": [{"quantize": {"weights": "int8"}}],
    "int4-weights": [{"quantize": {"weights": "int4", "granularity": "channel"}}],
    "level-50-element": [{"prune": {"sparsity": 0.5}}],
    "level-50-element-global": [{"prune": {"sparsity": 0.5, "scope": "global"}}],
    "l1-50-channel": [{"prune": CHANNEL}],
    "l2-50-channel": [{"prune": {**CHANNEL, "criterion": "l2"}}],
    "fpgm-50-channel": [{"prune": {**CHANNEL, "criterion": "fpgm"}}],
    "taylor-50-channel": [{"prune": {**CHANNEL, "criterion": "taylor"}}],
}
#: In the order in which they run: first what a target asks for.
TRAINED: dict[str, Steps] = {
    "l1-50-channel-all-images": [{"prune": {**CHANNEL, "train": LONG}}],
    "l1-50-channel-trained": [{"prune": {**CHANNEL, "train": LONG}}],
    "int8-aware": [{"quantize": {**INT8, "train": TUNE}}],
    "lsq-int4": few_bits("int4", quantizer="Lsq"),
    "dorefa-int4": few_bits("int4", quantizer="DoReFa"),
    "bnn-weights": few_bits("int1", quantizer="BNN"),
    "distill-dynamic": half(distiller="DynamicLayerwise"),
    "distill-adaptive1d": half(distiller="Adaptive1dLayerwise"),
    "agp-taylor-50-channel": [
        {"prune": {**CHANNEL, "criterion": "taylor", "schedule": "cubic", "train": LONG}}
    ],
    "prune-then-int8-aware": [
        {"prune": {**CHANNEL, "schedule": "cubic", "train": LONG}},
        {"quantize": {**INT8, "train": TUNE}},
    ],
}
#: By network, what is not run unless it is asked for: it takes hours of training.
LEFT_OUT = {
    "zoo:resnet50": (
        "l1-50-channel-all-images",
        "lsq-int4",
        "dorefa-int4",
        "bnn-weights",
        "distill-dynamic",
        "distill-adaptive1d",
        "agp-taylor-50-channel",
        "prune-then-int8-aware",
    ),
    "zoo:squeezenet1_1": ("l1-50-channel-all-images",),
}


def targets(held: Held) -> None:
    """Say what the figures should be."""
    for model in held.models:
        held.hold(model, "int8-static", "within 0.7 point", "difference", -0.007)
    for model, method in (
        ("zoo:mobilenet_v2", "l1-50-channel-all-images"),
        ("zoo:resnet50", "l1-50-channel-trained"),
    ):
        held.hold(model, method, "within 2 points", "difference", -0.02)


GRID = Grid(
    backend="nni",
    title="The zoo's networks through NNI",
    packages=("boildown-nni", "boildown-torch", "boildown-zoo", "nni", "torch"),
    once=ONCE,
    trained=TRAINED,
    targets=targets,
    left_out=LEFT_OUT,
    on_all_images=("l1-50-channel-all-images",),
)

if __name__ == "__main__":
    run(GRID)
