"""Convert the twins once for all tests, and put files where hooks expect them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx
from boildown import Artifact, Context, OnnxRuntime
from boildown_tflite.convert import Converted, Io, Mode, to_tflite
from twins import Made, everything, same_filter_twice

MODES: tuple[tuple[Mode, Io], ...] = (
    ("float32", "float32"),
    ("float16", "float32"),
    ("int8", "float32"),
    ("int8", "int8"),
    ("int8", "uint8"),
)
NATIVE: tuple[tuple[Mode, Io], ...] = (("dynamic", "float32"), ("int16x8", "float32"))
_MAKERS = {"everything": everything, "same filter twice": same_filter_twice}


@cache
def network(name: str = "everything") -> Made:
    return _MAKERS[name]()


def samples(count: int = 32, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {"x": random.normal(size=(count, 3, 12, 12)).astype(np.float32)}


@cache
def converted(mode: Mode, io: Io = "float32", name: str = "everything") -> Converted:
    made = network(name)
    return to_tflite(made.keras, made.onnx, made.layers, mode, [samples()], io=io)


def written(content: bytes, source: onnx.ModelProto, folder: Path) -> tuple[Artifact, Context]:
    """Write a file and its source; return what hooks are given."""
    onnx.save(source, folder / "source.onnx")
    (folder / "given.tflite").write_bytes(content)
    context = Context(workdir=folder, original=Artifact(path=folder / "source.onnx"))
    return Artifact(path=folder / "given.tflite", format="tflite"), context


def by_source(context: Context, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return OnnxRuntime(context.original.path).run(inputs)


def apart(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the greatest difference relative to the greatest number."""
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())
