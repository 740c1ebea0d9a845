"""A backend that dies as it is told: what `chaos.py` installs beside the others.

Every job rounds the weights to float16. Its fate stands in the recipe: `with: {chaos: {fate: …}}`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import Any

import numpy as np
import onnx
from boildown import (
    Artifact,
    BackendInfo,
    Context,
    LayerState,
    Offer,
    Quantize,
    StepOutcome,
    UnsupportedError,
    hookimpl,
    onnx_layer_states,
    source_layers,
)
from onnx import numpy_helper

#: Fate -> status of the row that comes of it.
FATES = {
    "live": "ok",
    "litter": "ok",
    "orphan": "ok",
    "refuse": "unsupported",
    "raise": "failed",
    "crash": "failed",
    "exit": "failed",
    "kill": "failed",
    "hang": "timeout",
    "memory": "out_of_memory",
}
_MEBIBYTE = 1 << 20


@hookimpl
def backend_info() -> BackendInfo:
    """Offer float16 weights, and a fate."""
    known = {"fate": {"enum": list(FATES)}, "moment": {"type": "integer"}}
    return BackendInfo(
        toolkit="numpy",
        distribution="numpy",
        offers=(Offer(op="quantize", accepts={"weights": ("float16",)}),),
        settings_schema={"quantize": {"type": "object", "properties": known}},
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Round every weight, and meet the fate before or amid it."""
    del step
    meet(context.settings)
    proto = onnx.load(model.path)
    for tensor in proto.graph.initializer:
        half = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    path = context.workdir / "half.onnx"
    onnx.save(proto, path)
    return StepOutcome(artifact=Artifact(path=path))


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    """Copy the model."""
    path = context.workdir / "model.onnx"
    path.write_bytes(model.path.read_bytes())
    return Artifact(path=path)


@hookimpl
def to_onnx(deployable: Artifact) -> Artifact:
    """Return the same file."""
    return deployable


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode the file."""
    return onnx_layer_states(deployable.path, source_layers(context.original.path))


def meet(settings: dict[str, Any]) -> None:
    """Let a job meet its fate; `kill` comes `moment` audited events later (imports, files)."""
    fate = settings.get("fate", "live")
    if fate == "refuse":
        raise UnsupportedError("node 'dense': refused")
    if fate == "raise":
        raise ZeroDivisionError("the toolkit divided by zero")
    if fate == "exit":
        os._exit(7)
    if fate == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fate == "kill":
        die_later(settings["moment"])
    if fate in {"orphan", "hang"}:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    if fate in {"litter", "hang", "memory"}:
        tempfile.mkstemp(prefix="litter-")
    if fate == "memory":
        fill()
    if fate == "hang":
        threading.Event().wait(3600)


def die_later(moment: int) -> None:
    """Kill this process at the `moment`-th event that Python audits from now on."""
    left = [moment]

    def count(_event: str, _arguments: tuple[Any, ...]) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def fill() -> None:
    """Take a little memory again and again, up to what a host that looks on must have seen."""
    hog = []
    for _ in range(48):
        hog.append(np.ones(2 * _MEBIBYTE))
        threading.Event().wait(0.05)
    threading.Event().wait(3600)
