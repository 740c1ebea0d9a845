"""A whole backend: weights rounded to float16; it misbehaves where `with` says so."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
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
    layer_state,
    source_layers,
)
from onnx import numpy_helper

_BEHAVIOURS = (
    "crash",
    "hang",
    "raise",
    "fill",
    "print",
    "network",
    "edit",
    "orphan",
    "refuse",
    "nothing",
)


@hookimpl
def backend_info() -> BackendInfo:
    return BackendInfo(
        toolkit="numpy",
        distribution="numpy",
        offers=(Offer(op="quantize", accepts={"weights": ("float16",)}),),
        settings_schema={
            "quantize": {
                "type": "object",
                "properties": {
                    "behave": {"enum": list(_BEHAVIOURS)},
                    "seconds": {"type": "number"},
                },
                "additionalProperties": False,
            }
        },
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    _behave(model, context.settings)
    if context.settings.get("behave") == "nothing":
        same = context.workdir / "same.onnx"
        same.write_bytes(model.path.read_bytes())
        return StepOutcome(artifact=Artifact(path=same))
    proto = onnx.load(model.path)
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        rounded = values.astype(np.float16).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
        context.progress(1, 1, tensor.name)
    path = context.workdir / "rounded.onnx"
    onnx.save(proto, path)
    return StepOutcome(artifact=Artifact(path=path))


@hookimpl
def deploy(model: Artifact, context: Context) -> Artifact:
    path = context.workdir / "model.onnx"
    path.write_bytes(model.path.read_bytes())
    return Artifact(path=path)


@hookimpl
def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    return deployable


@hookimpl
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    proto = onnx.load(deployable.path)
    arrays = {t.name: numpy_helper.to_array(t) for t in proto.graph.initializer}
    return [
        layer_state(
            layer.name, arrays[layer.weight], bits=32, payload_bytes=arrays[layer.weight].nbytes
        )
        for layer in source_layers(context.original.path)
    ]


def _behave(model: Artifact, settings: dict[str, Any]) -> None:
    behaviour = settings.get("behave")
    if behaviour == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif behaviour == "hang":
        time.sleep(settings.get("seconds", 600))
    elif behaviour == "raise":
        raise ZeroDivisionError("the toolkit divided by zero")
    elif behaviour == "fill":
        hog = [np.ones(1 << 22) for _ in range(1000)]
        time.sleep(len(hog))
    elif behaviour == "print":
        print("noise from the toolkit")
    elif behaviour == "network":
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    elif behaviour == "edit":
        proto = onnx.load(model.path)
        proto.producer_name = "changed"
        onnx.save(proto, model.path)
    elif behaviour == "orphan":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    elif behaviour == "refuse":
        raise UnsupportedError("node 'conv': operator Conv of this kind cannot be rounded")
