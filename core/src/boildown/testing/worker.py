"""Carry out requests of the suite one after another: `python -m boildown.testing.worker FD`.

A backend may kill its process, hang or print, and may live in another interpreter. So the cases run
here, in a process that lives as long as the backend behaves, and answers go to descriptor FD.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
from pydantic import ValidationError

from ..errors import UnsupportedError
from ..job.confine import forbid_network
from ..job.protocol import Job, JobResult
from ..job.worker import work
from ..plugins.registry import Registry
from .requests import Answer, Request

if TYPE_CHECKING:
    from pathlib import Path

    from ..plugins.values import Runtime

#: Shares of threads are told apart in ticks of 10 ms, so some CPU time has to be spent.
_CPU_SECONDS, _MOST_SECONDS = 0.5, 5.0


def answer(request: Request, registry: Registry) -> Answer:
    """Do what is asked; whatever the backend raises becomes part of the answer."""
    if request.job is not None:
        return _carried_out(request.job, registry)
    try:
        return _in_its_runtime(request, registry)
    except UnsupportedError as error:
        return Answer(reason=str(error), unsupported=True)
    except Exception as error:  # noqa: BLE001 - a toolkit may raise anything at all
        return Answer(reason=f"{type(error).__name__}: {error}")


def _carried_out(job: Job, registry: Registry) -> Answer:
    result = work(job, registry)
    try:
        same = JobResult.model_validate_json(result.model_dump_json()) == result
        lost = "" if same else "the result that comes back from JSON is another one"
    except (ValidationError, ValueError) as error:
        lost = f"the result cannot be read back: {error}"
    if lost:
        return Answer(result=JobResult(status="failed", reason=lost), lost_in_json=lost)
    return Answer(result=result)


def _in_its_runtime(request: Request, registry: Registry) -> Answer:
    if request.deployable is None or request.context is None or request.inputs is None:
        raise ValueError("a request for inferences names deployable, context and inputs")
    backend = registry.get(request.backend)
    runtime = backend.open_runtime(request.deployable, request.context)
    inputs = _read(request.inputs)
    if request.kind == "threads":
        return Answer(thread_seconds=_thread_seconds(runtime, inputs))
    outputs = runtime.run(inputs)
    if request.outputs is not None:
        np.savez(request.outputs, **outputs)  # type: ignore[arg-type]  # names are no options
    return Answer()


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _thread_seconds(runtime: Runtime, inputs: dict[str, np.ndarray]) -> tuple[float, ...]:
    runtime.run(inputs)
    before, start, cpu = _by_thread(), time.monotonic(), time.process_time()
    while time.process_time() - cpu < _CPU_SECONDS and time.monotonic() - start < _MOST_SECONDS:
        runtime.run(inputs)
    spent = (seconds - before.get(key, 0.0) for key, seconds in _by_thread().items())
    return tuple(sorted((seconds for seconds in spent if seconds > 0), reverse=True))


def _by_thread() -> dict[int, float]:
    threads = psutil.Process().threads()
    return {thread.id: thread.user_time + thread.system_time for thread in threads}


def main() -> None:
    """Answer the requests on standard input until it says `quit`; end at once when it closes."""
    answers = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    forbid_network()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            waiting.put(line)
            if line.strip() == "quit":
                return
        os.killpg(os.getpgid(0), signal.SIGKILL)  # the suite is gone

    threading.Thread(target=listen, name="requests", daemon=True).start()
    registry = Registry()
    print("ready", file=answers, flush=True)
    while (line := waiting.get()).strip() != "quit":
        reply = answer(Request.model_validate_json(line), registry)
        sys.stdout.flush()
        print(reply.model_dump_json(), file=answers, flush=True)


if __name__ == "__main__":
    main()
