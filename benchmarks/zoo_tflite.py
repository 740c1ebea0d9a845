"""Every method of the TensorFlow Lite backend on the zoo's networks.

    python benchmarks/zoo_tflite.py [--models zoo:mobilenet_v2 …] [--methods int8-static …]

Hours; see `zoo_grid.py`. Writes results/zoo-tflite.json and .md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo_grid import Grid, run

if TYPE_CHECKING:
    from zoo_grid import Steps
    from zoo_page import Held

TUNE = {"epochs": 1, "learning_rate": 3e-4}
#: Quantization-aware training alone: with the rate above SqueezeNet1.1 through PyTorch lost more
#: than static int8 (results/zoo-torch.md).
SLOW = {"epochs": 1, "learning_rate": 1e-4}
LONG = {"epochs": 3, "learning_rate": 1e-3}
INT8 = {"weights": "int8", "activations": "int8"}
PRUNED = {"prune": {"sparsity": 0.5, "schedule": "cubic", "train": TUNE}}
ONCE: dict[str, Steps] = {
    "int8-static": [{"quantize": INT8}],
    "int8-static-io": [{"quantize": {**INT8, "with": {"tflite": {"io": "int8"}}}}],
    "int16x8": [{"quantize": {"weights": "int8", "activations": "int16"}}],
    "int8-dynamic": [{"quantize": {"weights": "int8", "activations": "dynamic"}}],
    "float16": [{"quantize": {"weights": "float16"}}],
    "int8-weights": [{"quantize": {"weights": "int8"}}],
    "int4-weights": [{"quantize": {"weights": "int4"}}],
    "palettize-4bit": [{"cluster": {"bits": 4}}],
    "prune-50-element": [{"prune": {"sparsity": 0.5}}],
    "prune-2-of-4": [{"prune": {"structure": "2:4"}}],
}
#: In the order in which they run: first what a target asks for.
TRAINED: dict[str, Steps] = {
    "int8-aware": [{"quantize": {**INT8, "train": SLOW}}],
    "int8-aware-faster": [{"quantize": {**INT8, "train": TUNE}}],
    "palettize-4bit-trained": [{"cluster": {"bits": 4, "train": TUNE}}],
    "prune-50-aware": [PRUNED, {"quantize": {**INT8, "train": TUNE}}],
    "deep-compression": [
        {"prune": {"sparsity": 0.75, "schedule": "cubic", "train": LONG}},
        {"cluster": {"bits": 4, "keep_sparsity": True, "train": TUNE}},
        {"quantize": {**INT8, "train": TUNE}},
    ],
    "distill-half": [{"distill": {"width": 0.5, "train": LONG}}],
    "student-alone": [{"distill": {"width": 0.5, "alpha": 0.0, "train": LONG}}],
    "prune-50-element-trained": [PRUNED],
}
#: By network, what is not run unless it is asked for: it takes hours of training.
LEFT_OUT = {
    "zoo:resnet50": ("distill-half", "student-alone", "prune-50-element-trained"),
    "zoo:mobilenet_v2": ("deep-compression", "int8-aware-faster", "prune-50-element-trained"),
    "zoo:squeezenet1_1": ("deep-compression", "int8-aware-faster"),
}


def targets(held: Held) -> None:
    """Say what the figures should be."""
    for model in held.models:
        held.hold(model, "int8-static", "within 0.5 point", "difference", -0.005)
        held.hold_against(model, "int8-aware", "int8-static")
        held.hold_against(model, "int8-aware-faster", "int8-static")
        pruned = (model, "prune-50-aware")
        held.hold(*pruned, "zeros in each pruned layer at least 49.5 %", "least_sparsity", 0.495)
        clustered = (model, "palettize-4bit-trained")
        held.hold(*clustered, "within 1.5 points", "difference", -0.015)
        words = "2.5 times smaller than the float file, deflated"
        held.hold(*clustered, words, "deflated_ratio_to_twin", 2.5)
    deep = ("zoo:resnet50", "deep-compression")
    held.hold(*deep, "8 times smaller, deflated", "deflated_ratio", 8)
    held.hold(*deep, "within 2 points", "difference", -0.02)
    held.hold_parity(0.995)


GRID = Grid(
    backend="tflite",
    title="The zoo's networks through TensorFlow Lite",
    packages=("boildown-tflite", "boildown-zoo", "tensorflow", "tf-keras", "ai-edge-litert"),
    once=ONCE,
    trained=TRAINED,
    targets=targets,
    left_out=LEFT_OUT,
)

if __name__ == "__main__":
    run(GRID)
