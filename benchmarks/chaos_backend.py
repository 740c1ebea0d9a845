"""A backend that dies as it is told: what `chaos.py` installs beside the others.

Every job stores the weights in float16. Its fate stands in the recipe: `with: {chaos: {fate: …}}`.
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
from boildown import (
    Artifact,
    BackendInfo,
    Context,
    LayerState,
    Offer,
    Quantize,
    StepOutcome,
    UnsupportedError,
    deploy_onnx,
    hookimpl,
    onnx_layer_states,
    read_graph,
    selected_layers,
    source_layers,
    store_halves,
    write_graph,
)

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
    """Store every weight in 16 bits, and meet the fate before or amid it."""
    meet(context.settings)
    graph = read_graph(model)
    store_halves(graph, [layer.weight for layer in selected_layers(step, context)], "float16")
    return StepOutcome(artifact=write_graph(graph, context, "half"))


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    """Write the smallest file."""
    return deploy_onnx(model, context)


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
        # Nobody waits for it: that is the point, the host has to end it.
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
