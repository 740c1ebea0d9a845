"""Run steps of the backend as the worker does, on tiny seeded networks, and read what ships."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from boildown import (
    Artifact,
    DataManifest,
    ModelEntry,
    Recipe,
    Split,
    Step,
    UnsupportedError,
    source_layers,
)
from boildown.job.chain import run_chain
from boildown.job.protocol import Job, JobResult
from boildown.model.decoding import decode_layers
from boildown.model.normalize import normalize
from boildown.negotiation.gaps import gaps
from boildown.plugins.registry import Registry
from boildown.runner.planning import EVERYTHING

_SAMPLES = 37


def normalised(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "given.onnx")
    normalize(folder / "given.onnx", folder / "source.onnx")
    return folder / "source.onnx"


def samples(source: Path, count: int = _SAMPLES) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        item.name: random.normal(
            size=(count, *(dim.dim_value for dim in item.type.tensor_type.shape.dim[1:]))
        ).astype(np.float32)
        for item in onnx.load(source).graph.input
    }


def refuse_gaps(steps: tuple[Step, ...], form: str) -> None:
    """Raise what the host says of steps before it starts a job."""
    info = Registry().get("torch").info
    found = gaps(
        Recipe(name="case", steps=steps),
        info.offers,
        refusals=info.refusals,
        platforms=info.platforms,
        backend="torch",
        available=EVERYTHING,
        platform=sys.platform,
        form=form,
    )
    if found:
        raise UnsupportedError("; ".join(map(str, found)))


def run(
    source: Path,
    *steps: Step,
    settings: dict[str, Any] | None = None,
    models: dict[str, Path] | None = None,
    seed: int = 0,
    labelled: bool = True,
) -> JobResult:
    if steps:
        refuse_gaps(steps, (settings or {}).get("format", "onnx"))
    arrays = samples(source)
    labels = np.arange(_SAMPLES) % 4
    np.savez(source.parent / "data.npz", **arrays, labels=labels)
    split = Split(
        path=source.parent / "data.npz",
        inputs={name: name for name in arrays},
        labels="labels" if labelled else None,
        labelled=labelled,
        count=_SAMPLES,
    )
    return run_chain(
        Job(
            backend="torch",
            model=Artifact(path=source),
            steps=steps,
            settings=tuple(settings or step.with_.get("torch", {}) for step in steps),
            deploy={"format": settings["format"]} if settings and "format" in settings else {},
            workdir=source.parent / f"job{len(list(source.parent.iterdir()))}",
            seed=seed,
            models={uri: ModelEntry(uri=uri, path=path) for uri, path in (models or {}).items()},
            data=DataManifest(
                uri="npz:data.npz", kind="arrays", splits={"calibration": split, "train": split}
            ),
        ),
        Registry().get("torch"),
        lambda _: None,
    )


def shipped(result: JobResult) -> Path:
    assert result.deployable is not None, result.reason
    assert not result.layers_reason
    return result.deployable.path


def weights(source: Path, path: Path) -> dict[str, np.ndarray]:
    """Return the weights of the layers of `source` as they stand in another file."""
    return {item.layer: item.values for item in decode_layers(path, source_layers(source))}


def loss(source: Path, path: Path) -> float:
    """Return the cross entropy on the samples that were trained on."""
    scores = session(path).run(None, samples(source))[0]
    shifted = scores - scores.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return float(-logs[np.arange(_SAMPLES), np.arange(_SAMPLES) % 4].mean())


def session(path: Path, optimized: Path | None = None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    if optimized:
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def kernels(path: Path) -> Counter[str]:
    """Count the operators that ONNX Runtime really runs."""
    optimized = path.with_suffix(".optimized.onnx")
    session(path, optimized)
    return Counter(node.op_type for node in onnx.load(optimized).graph.node)


def decibels(source: Path, path: Path) -> float:
    """Return the signal-to-noise ratio of the outputs against those of the source."""
    inputs = samples(source)
    wanted, found = (session(item).run(None, inputs)[0] for item in (source, path))
    return float(10 * np.log10((wanted**2).sum() / ((wanted - found) ** 2).sum()))
