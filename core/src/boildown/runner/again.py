"""Measure the deployables of a stored run on this computer: core and runtimes, no toolkit.

What runs is proved to be what the run made. Speed, memory and energy are taken anew, and so are
the outputs for the few samples that the run has kept; quality only where test data are given, for
the run's own figures hold for the same file wherever it computes the same.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..comparison.files import write
from ..comparison.folder import check_out, refuse_files_of_run
from ..comparison.merging import moved
from ..comparison.subjects import record_subject, subjects
from ..errors import PluginError, UnknownBackendError, UsageError
from ..measuring.machine import machine
from ..plugins.registry import Registry
from ..plugins.values import BackendInfo
from .baseline import RUNTIME
from .cells import Title
from .endpoints import Endpoint, endpoint, places
from .events import Event, Listener
from .row_again import Opens, RowAgain
from .store import Store
from .stored_model import StoredModel, stored_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..comparison.schema import Comparison, Deployable, ModelRecord, Row
    from .request import Request


@dataclass
class Measuring:
    """One pass over the run stored in `folder`; `execute` does it all, writes `request.out`."""

    folder: Path
    comparison: Comparison
    #: The run's recipes, and data, samples, threads, limits and folder that are asked for.
    request: Request
    tell: Listener
    stop: threading.Event = field(default_factory=threading.Event)

    def execute(self) -> Comparison:
        """Measure every row that has a model; the others stay as they are, with their reasons.

        Raises:
            UsageError: the run's files are not those that it made, or what is asked for is unclear.
        """
        comparison, out = self.comparison, self.request.out
        # Files are opened by processes that work in folders of their own.
        folder = self.folder.resolve()
        check_out(out)
        if out.resolve() == folder:
            raise UsageError("what is measured again goes into a folder of its own: name it, --out")
        refuse_files_of_run(out)
        if self.request.samples is not None and self.request.data is None:
            raise UsageError("--samples counts those of --data, which names none; name data too")
        self._refuse_unclear_inputs(comparison)
        with tempfile.TemporaryDirectory(prefix="boildown-measure-") as scratch:
            # Nothing kept from an earlier run may answer in the place of a measurement.
            store = Store(Path(scratch))
            models = [
                stored_model(
                    record,
                    comparison,
                    folder,
                    self.request,
                    store=store,
                    stop=self.stop,
                    tell=self.tell,
                )
                for record in comparison.models
            ]
            by_subject = {record_subject(model.record): model for model in models}
            rows = [
                self._row(row, by_subject.get(subject), folder)
                for row, subject in zip(comparison.results, subjects(comparison), strict=True)
            ]
            records = [self._record(model) for model in models]
        records += _still_needed(comparison.models, records, rows)
        data = [model.measures.subject.data_record for model in models]
        data += [d for d in comparison.data if d.test_sha256 in {r.test_sha256 for r in records}]
        known = {record.sha256: record for record in data if record is not None}
        found = comparison.model_copy(
            update={
                "machine": machine(self.request.threads),
                "other_machines": (),
                "runs": (),
                "data": tuple(known.values()) or comparison.data,
                "models": tuple(records),
                "results": tuple(rows),
            }
        )
        out.mkdir(parents=True, exist_ok=True)
        found = moved(found, folder, out.resolve())
        write(found, out)
        return found

    def _refuse_unclear_inputs(self, comparison: Comparison) -> None:
        """Refuse to judge anew where a row does not say which preparation of images is its own."""
        uris = [record.uri for record in comparison.models]
        twice = {uri for uri in uris if uris.count(uri) > 1}
        if self.request.data is not None and twice:
            raise UsageError(
                f"the run judged {', '.join(sorted(twice))} in more than one way (recipes with "
                "`input` or data of their own); measure without --data, or run the recipes apart"
            )

    def _row(self, row: Row, model: StoredModel | None, folder: Path) -> Row:
        if row.deployable is None or model is None:
            tested = row.test_sha256 if row.quality or model is None else model.test_sha256
            return row.model_copy(update={"machine": 0, "test_sha256": tested})
        recipe = next(r for r in self.request.recipes if r.name == row.recipe)
        names = " / ".join((row.model, row.recipe, row.backend))
        title = Title(names, names)
        self.tell(Event("started", title.job, title.text, total=1))
        self.tell(Event("part", title.job, title.text, text="measure"))
        opens = _opens(row, row.deployable, trust=self.request.trust)
        again = RowAgain(row, recipe, model, folder, opens)
        found = again.measured(row.deployable)
        self.tell(Event("ended", title.job, title.text, text=found.reason, status=found.status))
        return found

    def _record(self, model: StoredModel) -> ModelRecord:
        title = Title.of_model(model.record.uri, "float baseline, timed")
        with title.shown(self.tell):
            return model.measured_record()


def _still_needed(
    old: Sequence[ModelRecord], new: Sequence[ModelRecord], rows: Sequence[Row]
) -> list[ModelRecord]:
    """Return the baselines of rows that keep what the run has found on its own test data."""
    judged = {(row.model, row.test_sha256) for row in rows}
    kept = []
    for before, after in zip(old, new, strict=True):
        if before.test_sha256 != after.test_sha256 and (before.uri, before.test_sha256) in judged:
            update = {"speed": after.baseline.speed, "memory": after.baseline.memory}
            baseline = before.baseline.model_copy(update=update)
            kept.append(before.model_copy(update={"baseline": baseline, "machine": 0}))
    return kept


def _opens(row: Row, made: Deployable, *, trust: bool) -> Opens:
    """Find what opens a row's file here. What ONNX Runtime ran needs no plugin.

    The run's folder may be anybody's: files that may run code are opened with `trust` alone.
    """
    runtime = row.speed.runtime if row.speed is not None else row.backend
    by_core, absent = made.format == "onnx" and runtime == RUNTIME, ""
    try:
        place = endpoint(row.backend, Registry(), places(Path()))
        if made.format in place.info.code_formats and not trust:
            why = f"a .{made.format} file may run code of whoever wrote it; --trust opens it"
            return Opens(place, absent=why)
        if place.python is not None or not by_core:
            return Opens(place)
    except (PluginError, UnknownBackendError) as error:
        absent = "" if by_core else str(error)
    info = BackendInfo(toolkit=runtime, distribution="", offers=())
    place = Endpoint(name=row.backend, info=info, worker=(), python=sys.executable, environment={})
    return Opens(place, by_core, absent)
