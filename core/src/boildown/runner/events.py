"""What a run tells while it goes on: to the live display and to observer plugins."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pluggy

from ..plugins import hookspecs
from ..plugins.registry import load

_LOG = logging.getLogger(__name__)
_OBSERVERS = "boildown.observers"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a job `started`, came to a `part`, made `progress`, `ended`."""

    kind: Literal["started", "part", "progress", "ended"]
    job: str
    title: str = ""
    #: Part: name of the step or of the measurement. Progress: what is being done.
    text: str = ""
    done: int = 0
    total: int = 0
    status: str = ""


Listener = Callable[[Event], None]


def listeners(*own: Listener) -> Listener:
    """Join the caller's listeners and all installed observer plugins to one listener.

    A broken observer is logged and left out: it must not cost anybody a result.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for entry in importlib.metadata.entry_points(group=_OBSERVERS):
        try:
            manager.register(load(entry), name=entry.name)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything at all
            _LOG.warning("observer %s left out: %s", entry.name, error)

    def tell(event: Event) -> None:
        for listener in own:
            listener(event)
        try:
            _observe(manager.hook, event)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything at all
            _LOG.warning("an observer failed on %s: %s", event.kind, error)

    return tell


def _observe(hook: Any, event: Event) -> None:  # noqa: ANN401 - pluggy's relay is untyped
    if event.kind == "started":
        hook.job_started(job=event.job, title=event.title, steps=event.total)
    elif event.kind == "part":
        hook.step_started(job=event.job, index=event.done, op=event.text)
    elif event.kind == "ended":
        hook.job_finished(job=event.job, status=event.status, reason=event.text)
