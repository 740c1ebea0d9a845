"""A model of a stored run, made ready to be measured again: its source, its data, its baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..comparison.stored import facts_of, verified
from ..comparison.subjects import record_subject, subjects
from ..errors import UsageError
from ..job.environment import digest
from ..measuring.quality import quality
from ..measuring.requests import Outputs, Target
from ..model.layers import source_layers
from ..model.normalize import normalize
from ..plugins.values import CLASSIFICATION, ModelEntry
from .baseline import RUNTIME, baseline_speed, doubts
from .cells import Title
from .facts import source_facts
from .golden import kept_samples
from .measures import BASELINE, Measures
from .subject_data import Digests, SubjectData, prepare_data
from .subjects import Subject

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from ..comparison.schema import Comparison, ModelRecord, Quality, Row
    from ..plugins.values import Warned
    from .events import Listener
    from .request import Request
    from .store import Store


@dataclass(frozen=True)
class StoredModel:
    """A source with what is known of it; `measures` runs on the data that were given, if any."""

    record: ModelRecord
    measures: Measures
    #: The folder of a row of it whose samples stand in where no data were given.
    samples: Path | None
    #: The source's outputs for the given data.
    outputs: Outputs | None = None
    #: The given data are the very samples that the run was tested on.
    same_data: bool = False

    @property
    def test_sha256(self) -> str:
        """What is judged here was tested on: the given data, else those of the run."""
        given = self.measures.subject.digests.test
        return given if self.outputs is not None else self.record.test_sha256

    @property
    def source(self) -> Target:
        """The float32 source as a target."""
        return self.measures.target(BASELINE, self.measures.subject.model)

    def on_samples(self, folder: Path) -> Measures | None:
        """Return the measures on the samples that lie in the folder of a row; None: there are none.

        Raises:
            UsageError: they are damaged.
        """
        data = kept_samples(folder)
        if data is None:
            return None
        digests = Digests({"test": digest({"samples": str(folder)})})
        subject = replace(self.measures.subject, data=data, digests=digests)
        return replace(self.measures, subject=subject)

    def timing(self, folder: Path) -> Measures:
        """Return the measures whose first sample is timed: of the given data, else of a row."""
        if self.measures.subject.data is not None:
            return self.measures
        return self.on_samples(folder) or self.measures

    @cached_property
    def quality(self) -> Quality | None:
        """The source's own on the given data; None: there are none."""
        if self.outputs is None:
            return None
        task = self.measures.subject.entry.task
        return quality(self.outputs, None, task=task, measured_on=RUNTIME)

    @property
    def doubts(self) -> tuple[Warned, ...]:
        """Warnings of that quality, for every row of the model."""
        if self.outputs is None or self.quality is None:
            return ()
        return doubts(self.quality, self.outputs)

    def measured_record(self) -> ModelRecord:
        """Time the source alone, and judge it where there are data.

        Of a run that has measured nothing, what its file tells is found out too.
        """
        measures = self.measures if self.samples is None else self.timing(self.samples)
        baseline = self.record.baseline.model_copy(
            update={
                "speed": baseline_speed(measures, self.source),
                "memory": measures.memory(self.source, None),
            }
        )
        if self.quality is not None:
            baseline = baseline.model_copy(update={"quality": self.quality, "reason": ""})
        known: dict[str, object] = {}
        if self.record.parameters is None:
            facts = source_facts(measures.subject, measures.store)
            baseline = baseline.model_copy(update={"size": facts.size})
            known = {"parameters": facts.parameters, "macs": facts.macs, "reason": ""}
        found = {"baseline": baseline, "machine": 0, "test_sha256": self.test_sha256}
        return self.record.model_copy(update=known | found)


def stored_model(
    record: ModelRecord,
    comparison: Comparison,
    folder: Path,
    request: Request,
    *,
    store: Store,
    stop: threading.Event,
    tell: Listener,
) -> StoredModel:
    """Return a model of the run in `folder` with the data that `request` names.

    Raises:
        UsageError: the run did not keep the source, or it is not the same any more.
        DataError: the data do not fit the model.
    """
    title = Title.of_model(record.uri)
    progress = title.progress(tell)
    progress(0, 0, "reading the model")
    own = record_subject(record)
    every = zip(comparison.results, subjects(comparison), strict=True)
    rows = [row for row, subject in every if subject == own]
    subject = _subject(record, rows, folder, store)
    if request.data is not None:
        made = prepare_data(
            request.recipes[0],
            subject.entry,
            subject.normalized,
            request,
            uses=frozenset({"test"}),
            store=store,
            progress=progress,
        )
        data = made or SubjectData(None, Digests(), ())
        subject = replace(subject, data=data.manifest, digests=data.digests, notes=data.notes)
    measures = Measures(
        store=store,
        subject=subject,
        threads=request.threads,
        limits=request.limits,
        stop=stop,
        timing_seconds=request.timing_seconds,
        on_progress=title.messages(tell),
    )
    places = [_place(row, folder) for row in rows if row.deployable is not None]
    samples = next((place for place in places if kept_samples(place) is not None), None)
    found = StoredModel(record, measures, samples)
    if subject.data is None:
        return found
    outputs = measures.outputs(found.source)
    if not isinstance(outputs, Outputs):
        raise UsageError(f"{record.uri} cannot be run on {request.data}: {outputs.reason}")
    same = subject.digests.test == record.test_sha256
    return replace(found, outputs=outputs, same_data=same)


def _subject(record: ModelRecord, rows: Sequence[Row], folder: Path, store: Store) -> Subject:
    if not record.path:
        raise UsageError(
            f"the run in {folder} has not kept its source {record.uri}: an older boildown "
            "wrote it. Run `boildown compare` again."
        )
    source = verified(
        folder,
        record.path,
        sha256=record.sha256,
        form="onnx",
        what=f"the source of {record.uri}",
    )
    # Whoever sent the folder may have written it: nothing runs that was not checked.
    normalized = normalize(source.path, store.root / f"{record.sha256}.onnx")
    facts = next((facts_of(_place(row, folder)) for row in rows if row.deployable), None)
    entry = ModelEntry(
        uri=record.uri,
        path=normalized.path,
        preprocessing=record.preprocessing,
        task=facts.task if facts else CLASSIFICATION,
        labels=facts.labels if facts else (),
    )
    return Subject(
        entry=entry,
        normalized=normalized,
        layers=tuple(source_layers(normalized.path)),
        data=None,
        digests=Digests(),
    )


def _place(row: Row, folder: Path) -> Path:
    path = row.deployable.path if row.deployable is not None else ""
    return folder / PurePosixPath(path).parent
