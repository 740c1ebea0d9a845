"""Ask a measuring process and read its answer; a crash or a hang is an answer too."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ..job.process import Limits, Progress, run_process
from .requests import Answer, Ask, Failure, Request, Value

if TYPE_CHECKING:
    import threading


@dataclass(frozen=True)
class Bench:
    """Where measuring processes work, log and run, and what they may use.

    `python` is the interpreter, another one where the backend lives in another one.
    """

    workdir: Path
    log: Path
    limits: Limits = field(default_factory=Limits)
    threads: int = 1
    python: str = sys.executable
    on_progress: Progress | None = None
    stop: threading.Event | None = None

    def ask(self, request: Request) -> Value | Failure:
        """Run one measurement in a fresh process; never raises for what happens in there."""
        self.workdir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="measure-", dir=self.workdir) as folder:
            source, target = Path(folder, "request.json"), Path(folder, "answer.json")
            source.write_text(Ask(request=request).model_dump_json(by_alias=True), "utf-8")
            ended = run_process(
                [self.python, "-m", "boildown.measuring", str(source), str(target)],
                log=self.log,
                cwd=Path(folder),
                limits=self.limits,
                threads=self.threads,
                on_progress=self.on_progress,
                stop=self.stop,
            )
            if ended.status != "ok":
                return Failure(status=ended.status, reason=f"while measuring: {ended.reason}")
            return _read(target)


def _read(path: Path) -> Value | Failure:
    try:
        answer = Answer.model_validate_json(path.read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        return Failure(status="failed", reason=f"the measuring process left no answer ({error})")
    if answer.failure is not None:
        return answer.failure
    if answer.value is None:
        return Failure(status="failed", reason="the measuring process answered with nothing")
    return answer.value


def wrong_answer(value: object) -> Failure:
    """Return the failure for an answer of another kind than was asked for."""
    return Failure(status="failed", reason=f"asked for another figure than {type(value).__name__}")
