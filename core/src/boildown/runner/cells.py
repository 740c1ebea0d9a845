"""One cell of the grid on its way through the first pass, and how it is named while it runs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ..errors import BoildownError
from ..job.protocol import JobResult
from ..negotiation.settings import deploy_settings
from ..plugins.registry import Registry
from . import warned
from .carry_out import Done, carry_out
from .events import Event, Listener
from .jobs import make_job, trainings
from .work import COMPRESSED, TWIN, Judged, Worked, judge, unjudged

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from .baseline import Measured
    from .endpoints import Endpoint
    from .request import Cell, Request
    from .store import Store


Kind = Literal["compress", "twin", "control"]
#: What the live display calls the work of a job beside its row.
_MADE: dict[Kind, str] = {"compress": "", "twin": TWIN, "control": "control"}


@dataclass(frozen=True, slots=True)
class Title:
    """How a piece of work is called in the live display and by observers."""

    job: str
    text: str
    parts: int = 1

    @classmethod
    def of_cell(cls, cell: Cell) -> Title:
        """Name a cell by model, recipe and backend."""
        names = (cell.model, cell.recipe.name, cell.backend)
        return cls(" / ".join(names), " / ".join(names), len(cell.recipe.steps))

    @classmethod
    def of_model(cls, uri: str, what: str = "model and data") -> Title:
        """Name the preparation of a model."""
        return cls(f"{uri} / {what}", f"{uri} / {what}")

    def progress(self, tell: Listener) -> Callable[[int, int, str], None]:
        """Return a function that passes (done, total, text) on."""
        return lambda done, total, text: tell(
            Event("progress", self.job, self.text, text, done, total)
        )

    def messages(self, tell: Listener, of: str = "") -> Callable[[dict[str, Any]], None]:
        """Return a function that passes on what a worker says (see `job.progress`).

        `of` names what the worker makes, where that is not the row itself.
        """

        def pass_on(message: dict[str, Any]) -> None:
            if "op" in message:
                index = int(message.get("step", 0))
                part = f"{of}: {message['op']}" if of else str(message["op"])
                tell(Event("part", self.job, self.text, part, index, self.parts))
            else:
                done, total = int(message.get("done", 0)), int(message.get("total", 0))
                text = str(message.get("text", ""))
                tell(Event("progress", self.job, self.text, text, done, total))

        return pass_on

    @contextmanager
    def shown(self, tell: Listener) -> Iterator[None]:
        """Announce beginning and end around a piece of work."""
        tell(Event("started", self.job, self.text, total=self.parts))
        yield
        tell(Event("ended", self.job, self.text, status="ok"))


@dataclass(frozen=True)
class CellRun:
    """Everything that the first pass over one cell needs."""

    request: Request
    store: Store
    tell: Listener
    stop: threading.Event
    debug: bool
    cell: Cell
    place: Endpoint
    measured: Measured

    def work(self) -> Worked:
        """Compress; where measuring was asked for, make twin and control and judge all three."""
        recipe, title = self.cell.recipe, Title.of_cell(self.cell)
        self.tell(Event("started", title.job, title.text, total=title.parts))
        done = self._carry("compress")
        worked = Worked(recipe, self.place, self.measured, done)
        if done.result.status != "ok":
            return worked
        if not self.request.measure:
            return replace(worked, judged=unjudged(done, self.measured))
        try:
            plain = self._carry("twin")
            twin = self._judged("twin", TWIN, plain)
            judged = self._judged("compress", COMPRESSED, done, twin)
            lacks, control = warned.of_lack("NO_TWIN", plain.result), None
            if trainings(recipe):
                trained = self._carry("control")
                control = self._judged("control", "control", trained, twin)
                lacks += warned.of_lack("NO_CONTROL", trained.result)
            return replace(worked, judged=judged, twin=twin, control=control, lacks=tuple(lacks))
        except BoildownError as error:
            result = JobResult(status="failed", reason=str(error), cost=done.result.cost)
            failed = Done(done.key, result, done.folder, done.cached)
            return Worked(recipe, self.place, self.measured, failed)

    def _judged(
        self, kind: Kind, name: str, done: Done, twin: Judged | None = None
    ) -> Judged | None:
        steps, place = self.cell.recipe.steps, self.place
        return judge(
            name,
            done,
            place,
            self.measured,
            steps=steps if kind == "compress" else (),
            settings=deploy_settings(steps, place.name, place.info.deploy_settings),
            twin=twin,
        )

    def _carry(self, kind: Kind) -> Done:
        key, job = make_job(kind, self.cell.recipe, self.measured.subject, self.place, self.request)
        return carry_out(
            job,
            key,
            self.place,
            self.store,
            limits=self.request.limits,
            on_progress=Title.of_cell(self.cell).messages(self.tell, _MADE[kind]),
            stop=self.stop,
            here=Registry() if self.debug else None,
        )
