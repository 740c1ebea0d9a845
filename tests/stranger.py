"""Write what somebody brings who has never seen boildown: `python tests/stranger.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

#: In the order of the network's outputs, which is not that of the sorted folders.
CLASSES = ("red", "green", "blue")
IMAGES_PER_CLASS = 24


def write_network(path: Path) -> None:
    """Write a 3x224x224 -> 3 classifier that answers which colour is strongest."""
    noise = np.random.default_rng(0).standard_normal((6, 3, 8, 8)) * 0.002
    colour = np.tile(np.eye(3), (2, 1))[:, :, None, None] / 64
    weights = {
        "stem.weight": colour + noise,
        "stem.bias": np.full(6, 2.0),
        "head.weight": np.tile(np.eye(3), (1, 2)) / 2,
        "head.bias": np.zeros(3),
    }
    nodes = [
        helper.make_node("Conv", ["image", "stem.weight", "stem.bias"], ["c"], strides=[8, 8]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "head.weight", "head.bias"], ["scores"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)


def write_photos(folder: Path) -> None:
    """Write a folder of images for each class, no two alike, of different sizes."""
    rng = np.random.default_rng(1)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(IMAGES_PER_CLASS):
            size = (int(rng.integers(30, 60)), int(rng.integers(30, 60)), 3)
            pixels = rng.integers(20, 140, size)
            pixels[:, :, label] += 80
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")


def write_everything(folder: Path) -> None:
    """Write `net.onnx`, `labels.txt` and `photos`, as the README names them."""
    write_network(folder / "net.onnx")
    write_photos(folder / "photos")
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in CLASSES))


if __name__ == "__main__":
    write_everything(Path(sys.argv[1]))
