"""Carry out a request from beginning to end: grid, subjects, jobs, measurements, comparison."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..comparison.files import write
from ..comparison.folder import check_out, check_parts
from ..comparison.schema import Comparison, ModelRecord, Row
from ..errors import BoildownError, UnsupportedError
from ..files import remove_partial
from ..job.environment import look_anew
from ..measuring.machine import machine
from ..model.selection import select_layers
from ..plugins.registry import Registry
from .baseline import Measured, measure_baseline, model_record, unmeasured_baseline
from .cells import CellRun, Title
from .deliver import deliver_source
from .endpoints import Endpoint, endpoints, known_backends, places
from .events import Event, Listener
from .jobs import check_settings
from .measures import Measures
from .planning import gaps_of, needs_of, splits_for
from .request import Cell, Request, grid
from .rows import make_row
from .subjects import Subject, prepare_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..comparison.schema import DataRecord
    from ..data.manifest import SplitName
    from ..recipe.recipe import Status
    from .store import Store
    from .work import Worked


@dataclass
class Comparing:
    """One run; `execute` does it all. Errors of the user's come before the first job."""

    request: Request
    store: Store
    tell: Listener
    #: Run jobs in this process, so that a debugger and a traceback reach into the toolkit.
    debug: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def execute(self) -> Comparison:
        """Run everything and write the comparison below `request.out`.

        Raises:
            BoildownError: something that was asked for is wrong; nothing was written then.
            UnsupportedError: a gap, where the request is strict.
            KeyboardInterrupt: interrupted; what was finished is kept and found again.
        """
        check_out(self.request.out)
        check_parts(self.request.out)
        look_anew()
        registry = Registry()
        elsewhere = places(self.request.folder)
        names = known_backends(registry, elsewhere)
        cells = grid(self.request, names)
        backends, broken = endpoints(cells, registry, elsewhere)
        check_settings(cells, backends, names)
        subjects = self._subjects(cells, self._uses(cells, backends))
        refused = self._refusals(cells, backends, broken, subjects)
        measured = {key: self._baseline(subject) for key, subject in subjects.items()}
        runs = [
            None if no is not None else self._cell_run(cell, backends, measured[_of(cell)])
            for cell, no in zip(cells, refused, strict=True)
        ]
        worked = self._first_pass(runs)
        rows = [
            self._row(number, cell, no, work).model_copy(
                update={
                    "test_sha256": subjects[_of(cell)].digests.test,
                    "data_sha256": subjects[_of(cell)].digests.whole,
                }
            )
            for number, (cell, no, work) in enumerate(zip(cells, refused, worked, strict=True), 1)
        ]
        comparison = self._comparison(list(measured.values()), rows)
        write(comparison, self.request.out)
        remove_partial(self.request.out)
        return comparison

    @property
    def _timed(self) -> bool:
        return self.request.measure and self.request.timed

    def _uses(self, cells: Sequence[Cell], backends: dict[str, Endpoint]) -> frozenset[SplitName]:
        """Return the splits that the run looks at: all that it judges by, or that a job needs.

        One answer for the whole run, so that all its rows are tested on the same samples.
        """
        needs = [needs_of(c.recipe, backends[c.backend]) for c in cells if c.backend in backends]
        used = splits_for(frozenset().union(*needs))
        return used | {"train", "test"} if self.request.measure else used

    def _subjects(self, cells: Sequence[Cell], uses: frozenset[SplitName]) -> dict[str, Subject]:
        subjects: dict[str, Subject] = {}
        for cell in cells:
            key = _of(cell)
            if key not in subjects:
                title = Title.of_model(cell.model)
                say = title.progress(self.tell)
                subjects[key] = prepare_subject(
                    cell.recipe,
                    cell.model,
                    self.request,
                    uses=uses,
                    store=self.store,
                    progress=say,
                )
                self.tell(Event("ended", title.job, title.text, text="", status="ok"))
            for index, step in enumerate(cell.recipe.steps):
                # A pattern that matches nothing is the user's error: it stops here.
                layers = subjects[key].layers_behind(cell.recipe.steps[:index])
                select_layers(layers, step.layers.include, step.layers.exclude)
        return subjects

    def _baseline(self, subject: Subject) -> Measured:
        title = Title.of_model(subject.entry.uri, "float baseline")
        measures = Measures(
            store=self.store,
            subject=subject,
            threads=self.request.threads,
            limits=self.request.limits,
            stop=self.stop,
            timing_seconds=self.request.timing_seconds,
            on_progress=title.messages(self.tell),
        )
        if not self.request.measure:
            return unmeasured_baseline(measures)
        with title.shown(self.tell):
            return measure_baseline(measures)

    def _cell_run(self, cell: Cell, backends: dict[str, Endpoint], measured: Measured) -> CellRun:
        return CellRun(
            request=self.request,
            store=self.store,
            tell=self.tell,
            stop=self.stop,
            debug=self.debug,
            cell=cell,
            place=backends[cell.backend],
            measured=measured.told(Title.of_cell(cell).messages(self.tell)),
        )

    def _first_pass(self, runs: Sequence[CellRun | None]) -> list[Worked | None]:
        """Compress and judge every cell, several at once where asked."""
        tasks: list[Callable[[], Worked | None]] = [
            run.work if run is not None else (lambda: None) for run in runs
        ]
        if self.request.jobs == 1:
            return [task() for task in tasks]
        with ThreadPoolExecutor(self.request.jobs) as pool:
            futures = [pool.submit(task) for task in tasks]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _refusals(
        self,
        cells: Sequence[Cell],
        backends: dict[str, Endpoint],
        broken: dict[str, str],
        subjects: dict[str, Subject],
    ) -> list[Row | None]:
        """Return the row of every cell that cannot run, None for those that can."""
        rows: list[Row | None] = []
        for cell in cells:
            if cell.backend in broken:
                rows.append(_row_of(cell, "failed", broken[cell.backend]))
                continue
            found = gaps_of(cell.recipe, backends[cell.backend], subjects[_of(cell)].available)
            reason = "; ".join(str(gap) for gap in found)
            rows.append(_row_of(cell, "unsupported", reason) if found else None)
        wrong = [row for row in rows if row is not None]
        if self.request.strict and wrong:
            lines = [f"{r.backend} cannot carry out {r.recipe!r}: {r.reason}" for r in wrong]
            raise UnsupportedError("\n".join(lines))
        return rows

    def _row(self, number: int, cell: Cell, refusal: Row | None, worked: Worked | None) -> Row:
        """Second pass: time one cell, alone, and write its row down."""
        title = Title.of_cell(cell)
        row = refusal
        if worked is not None:
            self.tell(Event("part", title.job, title.text, text="measure"))
            try:
                row = make_row(worked, self.request.out, number, timed=self._timed)
            except BoildownError as error:
                row = _row_of(cell, "failed", str(error))
        if row is None:
            raise RuntimeError("a cell that was not refused was not worked on")
        self.tell(Event("ended", title.job, title.text, text=row.reason, status=row.status))
        return row

    def _record(self, measured: Measured) -> ModelRecord:
        title = Title.of_model(measured.subject.entry.uri, "float baseline, timed")
        with title.shown(self.tell):
            told = measured.told(title.messages(self.tell))
            path = deliver_source(measured.subject, self.request.out)
            relative = path.relative_to(self.request.out).as_posix()
            return model_record(told, path=relative, timed=self._timed)

    def _comparison(self, measured: Sequence[Measured], rows: Sequence[Row]) -> Comparison:
        recipes = {recipe.name: recipe for recipe in self.request.recipes}
        return Comparison(
            machine=machine(self.request.threads),
            data=_data_records(measured),
            models=tuple(self._record(m) for m in _distinct(measured)),
            recipes=tuple(r.model_dump(mode="json", by_alias=True) for r in recipes.values()),
            results=tuple(rows),
        )


def _of(cell: Cell) -> str:
    """Name the subject of a cell: recipes with the same model and data share one."""
    recipe = cell.recipe
    own = recipe.model_dump_json(include={"data", "input", "expect", "seed"})
    teachers = [s.model_dump_json() for s in recipe.steps if s.op == "distill"]
    return "\0".join((cell.model, own, *teachers))


def _distinct(measured: Sequence[Measured]) -> list[Measured]:
    """Keep one subject of those that differ in nothing that their baseline tells."""
    found = {
        (
            m.subject.entry.uri,
            m.subject.normalized.sha256,
            m.subject.digests.test,
            str(m.subject.entry.preprocessing),
        ): m
        for m in reversed(measured)
    }
    return list(reversed(found.values()))


def _data_records(measured: Sequence[Measured]) -> tuple[DataRecord, ...]:
    found = (m.subject.data_record for m in measured)
    return tuple({record.sha256: record for record in found if record is not None}.values())


def _row_of(cell: Cell, status: Status, reason: str) -> Row:
    return Row(
        model=cell.model,
        recipe=cell.recipe.name,
        backend=cell.backend,
        status=status,
        reason=reason,
    )
