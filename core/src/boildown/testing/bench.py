"""Everything that the cases of one backend share: networks, data, a worker, and what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import onnx

from ..artifact import Artifact
from ..data.manifest import DataManifest, Split
from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..job.protocol import Job, JobResult
from ..measuring.onnxruntime import OnnxRuntime
from ..model.layers import Layer, source_layers
from ..model.normalize import normalize
from ..plugins.values import Context, ModelEntry
from ..recipe.recipe import Recipe
from ..runner.planning import needs_of, splits_for
from ..runner.subject_data import with_splits
from .graphs import GRAPHS, ODD_GRAPHS, STUDENTS
from .matrix import STUDENT, TEACHER
from .process import WorkerProcess
from .requests import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..negotiation.offers import Need
    from ..recipe.steps import Step, Train
    from ..runner.endpoints import Endpoint

_SAMPLES = 64
#: Axes of a batch of images, which come as pixels, and what black and white become.
_IMAGES, _LOW, _HIGH = 4, -2.5, 2.5


class Subject(Frozen):
    """One network of the suite, normalised, with seeded data that its own outputs label."""

    name: str
    model: Artifact
    layers: tuple[Layer, ...]
    data: DataManifest
    #: The batch size that it is fixed to; None: any.
    batch: int | None


class Outcome(Frozen):
    """What came of one job, as the suite saw it from outside."""

    subject: Subject
    result: JobResult
    input_changed: bool
    printed: str
    lost_in_json: str


class Bench:
    """Makes every network and runs every job once; to be closed."""

    def __init__(self, place: Endpoint, *, python: str, folder: Path, seconds: float) -> None:
        self.place, self.python, self.folder = place, python, folder
        self._seconds = seconds
        self._worker = WorkerProcess(python, folder)
        self._subjects: dict[str, Subject] = {}
        self._outcomes: dict[tuple[Any, ...], Outcome] = {}

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    def subject(self, name: str, folder: str = "") -> Subject:
        """Return a network of the suite by its name, in a folder with this name."""
        key = f"{folder}/{name}"
        if key not in self._subjects:
            make = GRAPHS[name] if name in GRAPHS else ODD_GRAPHS[name]
            self._subjects[key] = _written(name, make(), self.folder / "models" / folder / name)
        return self._subjects[key]

    def student(self, subject: Subject) -> Subject:
        """Return the network that a recipe would name as student of this one."""
        key = f"student of {subject.model.path}"
        if key not in self._subjects:
            make = STUDENTS.get(subject.name) or GRAPHS[subject.name]
            self._subjects[key] = _written(
                subject.name, make(), subject.model.path.parent / "student"
            )
        return self._subjects[key]

    def outcome(
        self,
        subject: Subject,
        steps: Sequence[Step] = (),
        *,
        training: Train | None = None,
        again: int = 0,
    ) -> Outcome:
        """Run a chain, or return what came of it before.

        No steps: the float twin, or with `training` the control. `again` is the number of a
        repetition.
        """
        trained = training.model_dump_json() if training else ""
        key = (subject.model.path, tuple(s.model_dump_json() for s in steps), trained, again)
        if key not in self._outcomes:
            self._outcomes[key] = self._run(subject, tuple(steps), training)
        return self._outcomes[key]

    def _run(self, subject: Subject, steps: tuple[Step, ...], training: Train | None) -> Outcome:
        job = Job(
            kind="control" if training else "compress" if steps else "twin",
            backend=self.place.name,
            model=subject.model,
            steps=steps,
            settings=tuple({} for _ in steps),
            train=(training,) if training else (),
            workdir=subject.model.path.parent / f"job-{len(self._outcomes)}",
            data=self._data(subject, steps, training),
            models=self._models(subject, steps),
        )
        job.workdir.mkdir()
        content, digest = subject.model.path.read_bytes(), subject.model.digest
        asked = self._worker.ask(Request(kind="job", job=job), self._seconds)
        changed = not subject.model.path.exists() or subject.model.digest != digest
        if changed:
            subject.model.path.write_bytes(content)  # the other cases need it as it was
        answer = asked.answer or Answer(result=JobResult(status="failed", reason=asked.ended))
        return Outcome(
            subject=subject,
            result=answer.result or JobResult(status="failed", reason=answer.reason),
            input_changed=changed,
            printed=asked.printed,
            lost_in_json=answer.lost_in_json,
        )

    def _data(
        self, subject: Subject, steps: tuple[Step, ...], training: Train | None
    ) -> DataManifest | None:
        """Give a job the data that the host would: no more than its offers say they need."""
        needs: frozenset[Need] = frozenset({"train"} if training else ())
        if steps:
            needs = needs_of(Recipe(name="case", steps=steps), self.place)
        used = splits_for(needs)
        if not used:
            return None
        found = with_splits(subject.data, used)
        if needs != {"samples"}:
            return found
        bare = {
            name: split.model_copy(update={"labels": None, "labelled": False})
            for name, split in found.splits.items()
        }
        return found.model_copy(update={"splits": bare})

    def _models(self, subject: Subject, steps: Sequence[Step]) -> dict[str, ModelEntry]:
        named = {
            word
            for step in steps
            for word in (getattr(step, "teacher", None), getattr(step, "student", None))
        }
        found = {}
        if TEACHER in named:
            found[TEACHER] = ModelEntry(uri=TEACHER, path=subject.model.path)
        if STUDENT in named:
            found[STUDENT] = ModelEntry(uri=STUDENT, path=self.student(subject).model.path)
        return found

    def in_its_runtime(
        self, outcome: Outcome, inputs: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], Answer]:
        """Run a deployable in the backend's own runtime; no outputs: the answer says why."""
        source = self.folder / "inputs.npz"
        target = self.folder / "outputs.npz"
        np.savez(source, **inputs)  # type: ignore[arg-type]  # names of inputs are no options
        target.unlink(missing_ok=True)
        answer = self._ask_runtime("run", outcome, source, target)
        if not target.exists():
            return {}, answer
        with np.load(target, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}, answer

    def thread_seconds(self, outcome: Outcome, inputs: dict[str, np.ndarray]) -> Answer:
        """Return how the CPU seconds of many inferences divide between threads."""
        source = self.folder / "inputs.npz"
        np.savez(source, **inputs)  # type: ignore[arg-type]  # as above
        return self._ask_runtime("threads", outcome, source, None)

    def _ask_runtime(
        self,
        kind: Literal["run", "threads"],
        outcome: Outcome,
        inputs: Path,
        outputs: Path | None,
    ) -> Answer:
        context = Context(workdir=self.folder, original=outcome.subject.model, threads=1)
        request = Request(
            kind=kind,
            backend=self.place.name,
            deployable=outcome.result.deployable,
            context=context,
            inputs=inputs,
            outputs=outputs,
        )
        asked = self._worker.ask(request, self._seconds)
        return asked.answer or Answer(reason=f"the runtime {asked.ended}")


def seeded_inputs(model: Path, count: int, seed: int) -> dict[str, np.ndarray]:
    """Return normal float32 inputs of a network by name."""
    random = np.random.default_rng(seed)
    return {
        value.name: random.standard_normal(
            (count, *(axis.dim_value for axis in value.type.tensor_type.shape.dim[1:]))
        ).astype(np.float32)
        for value in onnx.load(model).graph.input
    }


def onnx_outputs(model: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run an ONNX file in the host's ONNX Runtime on one thread."""
    return OnnxRuntime(model, 1).run(inputs)


def _written(name: str, model: onnx.ModelProto, folder: Path) -> Subject:
    folder.mkdir(parents=True)
    onnx.save(model, folder / "given.onnx")
    normal = normalize(folder / "given.onnx", folder / f"{name}.onnx")
    arrays = seeded_inputs(normal.path, _SAMPLES, seed=1)
    seen = dict(arrays)
    for key, values in arrays.items():
        if values.ndim == _IMAGES:
            arrays[key] = np.clip(values * 50 + 128, 0, 255).astype(np.uint8)
            seen[key] = (arrays[key] / 255 * (_HIGH - _LOW) + _LOW).astype(np.float32)
    runtime = OnnxRuntime(normal.path, 1)
    rows = [
        runtime.run({key: values[i : i + 1] for key, values in seen.items()})["y"]
        for i in range(_SAMPLES)
    ]
    labels = np.concatenate(rows).argmax(1)
    np.savez(folder / "data.npz", labels=labels, **arrays)  # type: ignore[arg-type]  # as above
    split = Split(
        path=folder / "data.npz",
        inputs={key: key for key in arrays},
        labels="labels",
        count=_SAMPLES,
    )
    splits = {"train": split, "calibration": split, "test": split}
    return Subject(
        name=name,
        model=Artifact(path=normal.path),
        layers=tuple(source_layers(normal.path)),
        data=DataManifest(
            uri="npz:data.npz",
            kind="arrays",
            splits=splits,
            preprocessing=Preprocessing(range=(_LOW, _HIGH)),
        ),
        batch=normal.batch,
    )
