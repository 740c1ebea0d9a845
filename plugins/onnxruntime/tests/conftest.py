"""Run steps through the hooks as the worker does, and read the result as the audit does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
from boildown import Artifact, DataManifest, Layer, LayerState, Split, Step, source_layers
from boildown.job.chain import run_chain
from boildown.job.protocol import Job, JobResult
from boildown.model.decoding import decode_layers
from boildown.model.normalize import normalize
from boildown.plugins.registry import Backend, Registry

from .graphs import NETWORKS, samples

#: No multiple of the batches in which the plugin reads calibration samples.
CALIBRATION = 37


class Kit(NamedTuple):
    """One normalised network with data, and the ways to compress, run and decode it."""

    source: Path
    folder: Path
    data: DataManifest
    backend: Backend

    def job(
        self, *steps: Step, seed: int = 0, settings: tuple[dict[str, Any], ...] = (), **more: Any
    ) -> Job:
        return Job(
            backend="onnxruntime",
            model=Artifact(path=self.source),
            steps=steps,
            settings=settings,
            workdir=self.folder / f"job{len(list(self.folder.iterdir()))}",
            seed=seed,
            **{"data": self.data, **more},
        )

    def run(
        self, *steps: Step, say: Callable[[dict[str, Any]], None] = lambda _: None, **more: Any
    ) -> JobResult:
        return run_chain(self.job(*steps, **more), self.backend, say)

    def layers(self) -> list[Layer]:
        return source_layers(self.source)

    def inputs(self, count: int = 5, seed: int = 9) -> dict[str, np.ndarray]:
        return samples(onnx.load(self.source), count, seed)

    def output(self, path: Path, inputs: dict[str, np.ndarray] | None = None) -> np.ndarray:
        result: np.ndarray = session(path).run(["y"], inputs or self.inputs())[0]
        return result

    def weights(self, path: Path | None = None) -> dict[str, np.ndarray]:
        """Return the decoded numbers of every layer of the source, as the audit reads them."""
        return {
            item.layer: item.values for item in decode_layers(path or self.source, self.layers())
        }


def session(path: Path, optimized: Path | None = None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if optimized:
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def shipped(result: JobResult) -> Path:
    """Return the deployable of a job that went well; its layers could be decoded."""
    assert result.deployable is not None
    assert not result.layers_reason
    return result.deployable.path


def states(result: JobResult) -> dict[str, LayerState]:
    assert result.layers is not None, result.layers_reason
    return {state.layer: state for state in result.layers}


@pytest.fixture(scope="session")
def backend() -> Backend:
    return Registry().get("onnxruntime")


@pytest.fixture
def kit(tmp_path: Path, backend: Backend) -> Callable[..., Kit]:
    """Make the kit of a network by its name, or of a model."""

    def make(network: str | onnx.ModelProto = "cnn", count: int = CALIBRATION) -> Kit:
        model = NETWORKS[network]() if isinstance(network, str) else network
        folder = tmp_path / f"kit{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        onnx.save(model, folder / "given.onnx")
        normalize(folder / "given.onnx", folder / "source.onnx")
        arrays = samples(model, count)
        np.savez(folder / "data.npz", **arrays)
        split = Split(
            path=folder / "data.npz",
            inputs={name: name for name in arrays},
            count=count,
            labelled=False,
        )
        data = DataManifest(uri="npz:data.npz", kind="arrays", splits={"calibration": split})
        return Kit(folder / "source.onnx", folder, data, backend)

    return make
