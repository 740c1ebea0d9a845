"""Progress from a worker to the host: one JSON object a line on an inherited descriptor."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

from .process import PROGRESS_FD

_LEAST_SECONDS_BETWEEN = 0.1


def say_to_host() -> Callable[[dict[str, Any]], None]:
    """Return a function that sends one message; without a host that listens it does nothing.

    Messages of plain advance are dropped when they come faster than ten a second.
    """
    descriptor = os.environ.get(PROGRESS_FD)
    last = 0.0

    def say(message: dict[str, Any]) -> None:
        nonlocal last
        now = time.monotonic()
        finished = message.get("done") == message.get("total")
        if "done" in message and not finished and now - last < _LEAST_SECONDS_BETWEEN:
            return
        last = now
        # A host that has gone away must not fail the job from here: the lifeline ends it.
        with contextlib.suppress(OSError):
            os.write(int(descriptor or -1), json.dumps(message).encode() + b"\n")

    return say if descriptor else lambda _message: None
