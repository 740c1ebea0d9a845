"""Run steps of a backend as the worker does, on tiny seeded networks, and read what ships.

For the tests of backends; the conformance suite has its own bench, in processes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper

from ..artifact import Artifact
from ..data.manifest import DataManifest, Split
from ..errors import UnsupportedError
from ..job.chain import run_chain
from ..job.protocol import Job, JobResult
from ..measuring.onnxruntime import OnnxRuntime
from ..model.decoding import decode_layers
from ..model.layers import source_layers
from ..model.normalize import normalize
from ..negotiation.gaps import gaps
from ..plugins.registry import Registry
from ..plugins.values import ModelEntry
from ..recipe.recipe import Recipe
from ..runner.planning import EVERYTHING
from .graphs import GRAPHS

if TYPE_CHECKING:
    from pathlib import Path

    from ..recipe.steps import Step

_SAMPLES = 37


def normalised(model: onnx.ModelProto, folder: Path) -> Path:
    """Write a model below `folder` as the host hands it to backends."""
    onnx.save(model, folder / "given.onnx")
    normalize(folder / "given.onnx", folder / "source.onnx")
    return folder / "source.onnx"


def samples(source: Path, count: int = _SAMPLES) -> dict[str, np.ndarray]:
    """Return seeded noise for every input of a model."""
    random = np.random.default_rng(0)
    return {
        item.name: random.normal(
            size=(count, *(dim.dim_value for dim in item.type.tensor_type.shape.dim[1:]))
        ).astype(np.float32)
        for item in onnx.load(source).graph.input
    }


def fixed_batch(size: int, folder: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """Write a network that takes so many samples at once; of its own the last holds a 50."""
    model = GRAPHS["plain"]()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = size
    source = normalised(model, folder)
    arrays = samples(source)
    arrays["x"][-1, 0, 0, 0] = 50
    return source, arrays


def first_step(model: onnx.ModelProto) -> float:
    """Return the scale of the first rounding of an ONNX form."""
    rounding = next(node for node in model.graph.node if node.op_type == "QuantizeLinear")
    scales = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return float(scales[rounding.input[1]])


def refuse_gaps(backend: str, steps: tuple[Step, ...], form: str) -> None:
    """Raise what the host says of steps before it starts a job."""
    info = Registry().get(backend).info
    found = gaps(
        Recipe(name="case", steps=steps),
        info.offers,
        refusals=info.refusals,
        platforms=info.platforms,
        backend=backend,
        available=EVERYTHING,
        platform=sys.platform,
        form=form,
    )
    if found:
        raise UnsupportedError("; ".join(map(str, found)))


def run(
    backend: str,
    source: Path,
    *steps: Step,
    settings: dict[str, Any] | None = None,
    models: dict[str, Path] | None = None,
    seed: int = 0,
    labelled: bool = True,
    arrays: dict[str, np.ndarray] | None = None,
) -> JobResult:
    """Run a job on noise with four labels, in this process, what it prints included.

    `arrays` stand in for the noise, with as many samples.

    Raises UnsupportedError with the gaps where the backend does not offer the steps.
    """
    if steps:
        refuse_gaps(backend, steps, (settings or {}).get("format", ""))
    arrays = arrays or samples(source)
    labels = np.arange(_SAMPLES) % 4
    held: dict[str, Any] = {**arrays, "labels": labels}
    np.savez(source.parent / "data.npz", **held)
    split = Split(
        path=source.parent / "data.npz",
        inputs={name: name for name in arrays},
        labels="labels" if labelled else None,
        labelled=labelled,
        count=_SAMPLES,
    )
    return run_chain(
        Job(
            backend=backend,
            model=Artifact(path=source),
            steps=steps,
            settings=tuple(settings or step.with_.get(backend, {}) for step in steps),
            deploy={"format": settings["format"]} if settings and "format" in settings else {},
            workdir=source.parent / f"job{len(list(source.parent.iterdir()))}",
            seed=seed,
            models={uri: ModelEntry(uri=uri, path=path) for uri, path in (models or {}).items()},
            data=DataManifest(
                uri="npz:data.npz", kind="arrays", splits={"calibration": split, "train": split}
            ),
        ),
        Registry().get(backend),
        lambda _: None,
    )


def shipped(result: JobResult) -> Path:
    """Return the file that a job made; it must have ended well and be decoded."""
    if result.deployable is None or result.layers_reason:
        raise AssertionError(result.reason or result.layers_reason)
    return result.deployable.path


def weights(source: Path, path: Path) -> dict[str, np.ndarray]:
    """Return the weights of the layers of `source` as they stand in another file."""
    return {item.layer: item.values for item in decode_layers(path, source_layers(source))}


def outputs(source: Path, path: Path) -> np.ndarray:
    """Return the first output of an ONNX file on the samples of `source`."""
    return next(iter(OnnxRuntime(path, 1).run(samples(source)).values()))


def loss(source: Path, path: Path) -> float:
    """Return the cross entropy on the samples that were trained on."""
    scores = outputs(source, path)
    shifted = scores - scores.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return float(-logs[np.arange(_SAMPLES), np.arange(_SAMPLES) % 4].mean())


def decibels(source: Path, path: Path) -> float:
    """Return the signal-to-noise ratio of the outputs against those of the source."""
    wanted, found = outputs(source, source), outputs(source, path)
    return float(10 * np.log10((wanted**2).sum() / ((wanted - found) ** 2).sum()))
