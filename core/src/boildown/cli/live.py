"""Live progress of every job: bars on a terminal, one plain line an ended job elsewhere."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ..recipe.steps import OPS
from ..runner.events import Event


class Live:
    """Listens to a run and shows it; goes to standard error, so that output can be piped."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[what]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def hear(self, event: Event) -> None:
        """Show one event; may be called from several threads."""
        with self._lock:
            if event.kind == "ended":
                self._end(event)
            else:
                self._advance(event)

    def _advance(self, event: Event) -> None:
        task = self._tasks.get(event.job)
        if task is None:
            text = escape(event.title)
            task = self._progress.add_task(text, total=None, what="")
            self._tasks[event.job] = task
        if event.kind == "part":
            part = f"step {event.done + 1}: {event.text}" if event.text in OPS else event.text
            self._progress.update(task, what=escape(part), completed=0, total=None)
        elif event.kind == "progress":
            self._progress.update(
                task, completed=event.done, total=event.total or None, what=escape(event.text)
            )

    def _end(self, event: Event) -> None:
        task = self._tasks.pop(event.job, None)
        if task is not None:
            self._progress.remove_task(task)
        reason = f": {event.text.splitlines()[0]}" if event.text else ""
        mark = "done" if event.status == "ok" else event.status
        self.console.print(f"{mark:>11}  {event.title}{reason}", markup=False, highlight=False)
