"""Every method of the Core ML backend on the zoo's networks: bits 16, 8, 7, …, 1 by every mode.

    python benchmarks/zoo_coreml.py [--models zoo:mobilenet_v2 …] [--methods palettize-6bit …]

Accuracy is that of the saved files, said in ONNX (see `plugins/coreml/README.md`); there is no
speed without macOS. See `zoo_grid.py`. Writes results/zoo-coreml.json, .md and .svg: the chart of
bits × mode with size and accuracy. `--page` makes the last two anew from the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_grid import Grid, run

if TYPE_CHECKING:
    from zoo_grid import Steps
    from zoo_page import Held

INT8 = {"weights": "int8", "activations": "int8"}
HALF = {"prune": {"sparsity": 0.5}}
PALETTES = (8, 6, 4, 3, 2, 1)
MODES = ("linear", "linear_lut", "kmeans_lut", "custom_lut")


def _of_network(weights: str, mode: str) -> Steps:
    """Return a quantize step that ships a neural network."""
    said: dict[str, Any] = {"format": "mlmodel", "mode": mode}
    return [{"quantize": {"weights": weights, "with": {"coreml": said}}}]


def _palette(bits: int, **said: Any) -> Steps:  # noqa: ANN401 - settings of the backend
    return [{"cluster": {"bits": bits, **({"with": {"coreml": said}} if said else {})}}]


ONCE: dict[str, Steps] = {
    "float16": [{"quantize": {"weights": "float16"}}],
    "int8-weights": [{"quantize": {"weights": "int8"}}],
    "int4-weights": [{"quantize": {"weights": "int4"}}],
    "int4-blocks": [{"quantize": {"weights": "int4", "granularity": "block", "block_size": 32}}],
    "int8-static": [{"quantize": INT8}],
    **{f"palettize-{bits}bit": _palette(bits) for bits in PALETTES},
    **{f"palettize-{bits}bit-uniform": _palette(bits, mode="uniform") for bits in PALETTES},
    "palettize-4bit-groups": _palette(4, group_size=16),
    "prune-50-element": [HALF],
    "prune-2-of-4": [{"prune": {"structure": "2:4"}}],
    "prune-50-int8": [HALF, {"quantize": {"weights": "int8"}}],
    "prune-50-palettize-4bit": [HALF, *_palette(4)],
    "prune-50-palettize-4bit-int8": [
        HALF,
        *_palette(4),
        {"quantize": {**INT8, "granularity": "tensor"}},
    ],
    "network-16bit": _of_network("float16", "linear"),
    "network-8bit-linear_symmetric": _of_network("int8", "linear_symmetric"),
    **{
        f"network-{bits}bit-{mode}": _of_network(f"int{bits}", mode)
        for mode in MODES
        for bits in range(8, 0, -1)
    },
}

#: As the other grids train what rounds.
TUNE = {"epochs": 1, "learning_rate": 3e-4}
TWICE = {"epochs": 2}
TRAINED: dict[str, Steps] = {
    "int8-static-trained": [{"quantize": {**INT8, "train": TUNE}}],
    "int4-weights-trained": [{"quantize": {"weights": "int4", "train": TUNE}}],
    **{
        f"palettize-{bits}bit-trained": [{"cluster": {"bits": bits, "train": TUNE}}]
        for bits in (4, 2, 1)
    },
    "prune-75-trained": [{"prune": {"sparsity": 0.75, "schedule": "cubic", "train": TWICE}}],
}
#: By network, what is not run unless it is asked for: it takes hours of training.
LEFT_OUT = {"zoo:resnet50": ("palettize-2bit-trained", "palettize-1bit-trained")}
#: Of these, what is shown as bits × mode.
BITS: dict[str, dict[int, str]] = {
    "program: codes": {16: "float16", 8: "int8-weights", 4: "int4-weights"},
    "program: k-means": {bits: f"palettize-{bits}bit" for bits in PALETTES},
    "program: uniform": {bits: f"palettize-{bits}bit-uniform" for bits in PALETTES},
    "network: linear_symmetric": {8: "network-8bit-linear_symmetric"},
    **{
        f"network: {mode}": {bits: f"network-{bits}bit-{mode}" for bits in range(8, 0, -1)}
        for mode in MODES
    },
}
BITS["network: linear"][16] = "network-16bit"


def targets(held: Held) -> None:
    """Say what the figures should be."""
    wide = ["float16", "int8-weights", "palettize-8bit", "network-16bit"]
    wide += [f"network-8bit-{mode}" for mode in ("linear_symmetric", *MODES)]
    for model in held.models:
        for method in wide:
            held.hold(model, method, "within 0.3 point", "difference", -0.003)
        held.hold(model, "palettize-6bit", "within 1 point", "difference", -0.01)


GRID = Grid(
    backend="coreml",
    title="The zoo's networks through Core ML",
    packages=("boildown-coreml", "boildown-zoo", "coremltools", "onnx2coreml"),
    once=ONCE,
    trained=TRAINED,
    targets=targets,
    modes=BITS,
    left_out=LEFT_OUT,
)

if __name__ == "__main__":
    run(GRID)
