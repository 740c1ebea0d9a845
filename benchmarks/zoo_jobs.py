"""Jobs on the zoo's networks and images in this process, for benchmarks that look inside a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import Artifact, DataManifest, OnnxRuntime, Recipe, Split, Take, batches
from boildown.job.chain import run_chain
from boildown.job.protocol import Job
from boildown.model.normalize import normalize
from boildown.plugins.models import find_model
from boildown.plugins.registry import Registry
from boildown_zoo.dataset import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH = 100
#: Of train, as the host gives backends by default.
CALIBRATION = 256


@dataclass(frozen=True)
class Subject:
    """A network as backends get it, and its images."""

    name: str
    source: Path
    data: DataManifest
    folder: Path

    def images(self, count: int) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        """Yield batches of the first test images and their labels."""
        left = count
        for batch in batches(self.data, "test", BATCH):
            if left <= 0 or batch.labels is None:
                return
            left -= len(batch.labels)
            yield batch.inputs, batch.labels


def subject(name: str, folder: Path, train: int) -> Subject:
    """Return a network of the zoo with the first `train` images of train."""
    entry = find_model(f"zoo:{name}", folder)
    source = normalize(entry.path, folder / "source.onnx").path
    splits = {
        "train": _split("train", Take(stop=train)),
        "calibration": _split("train", Take(stop=CALIBRATION)),
        "test": _split("test", None),
    }
    data = DataManifest.model_validate(
        {
            "uri": "zoo:fashion-mnist",
            "kind": "arrays",
            "splits": splits,
            "preprocessing": entry.preprocessing,
        }
    )
    return Subject(name, source, data, folder)


def _split(name: str, take: Take | None) -> Split:
    path = FOLDER / f"{name}.npz"
    with np.load(path) as arrays:
        count = len(arrays["labels"])
    return Split(path=path, inputs={"input": "images"}, labels="labels", count=count, take=take)


def shipped(what: Subject, backend: str, steps: list[dict[str, Any]], seed: int = 0) -> Path:
    """Carry out `steps`, and return the file that ships."""
    chain = Recipe.model_validate({"name": "inside", "steps": steps}).steps
    result = run_chain(
        Job(
            backend=backend,
            model=Artifact(path=what.source),
            steps=chain,
            settings=tuple(step.with_.get(backend, {}) for step in chain),
            workdir=what.folder / f"job{len([*what.folder.iterdir()])}",
            seed=seed,
            data=what.data,
        ),
        Registry().get(backend),
        lambda _: None,
    )
    if result.deployable is None:
        raise SystemExit(f"{what.name}: {result.reason}")
    return result.deployable.path


def top1(what: Subject, file: Path, count: int) -> float:
    """Return the share of the first `count` test images that a file gets right."""
    session, right = OnnxRuntime(file, 1), 0
    for inputs, labels in what.images(count):
        right += int((next(iter(session.run(inputs).values())).argmax(1) == labels).sum())
    return right / count
