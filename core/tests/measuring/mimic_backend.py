"""A backend whose runtime is ONNX Runtime, and that breaks in the way that its settings say."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
from boildown import Artifact, BackendInfo, Context, Runtime, UnsupportedError, hookimpl


@hookimpl
def backend_info() -> BackendInfo:
    return BackendInfo(toolkit="mimic", distribution="numpy", offers=())


@hookimpl
def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    broken = context.settings.get("open")
    if broken == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif broken == "hang":
        time.sleep(600)
    elif broken == "refuse":
        raise UnsupportedError("needs a phone")
    elif broken == "raise":
        raise ZeroDivisionError("the runtime divided by zero")
    return Mimicked(deployable, context.settings)


class Mimicked:
    def __init__(self, deployable: Artifact, settings: dict[str, Any]) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(
            deployable.path, providers=["CPUExecutionProvider"]
        )
        self._settings, self._left = settings, settings.get("runs", 10**9)

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self._left -= 1
        broken = self._settings.get("run") if self._left < 0 else None
        if broken == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif broken == "memory":
            raise MemoryError("no room")
        elif broken == "raise":
            raise ZeroDivisionError("the runtime divided by zero")
        scores = self._session.run(None, inputs)[0]
        if self._settings.get("nan"):
            scores[:] = np.nan
        if "noise" in self._settings:
            scores = scores + np.float32(self._settings["noise"])
        if self._settings.get("flat"):
            return {"y": scores.ravel()}
        if self._settings.get("growing"):
            return {"y": scores[:, : len(scores)]}
        return {self._settings.get("output", "y"): scores}
