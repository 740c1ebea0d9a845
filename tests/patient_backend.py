"""A backend of somebody else's: keeps a diary of its steps, and waits at a gate until it opens."""

from __future__ import annotations

import time
from pathlib import Path

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
    hookimpl,
    layer_state,
    source_layers,
)
from onnx import numpy_helper


@hookimpl
def backend_info() -> BackendInfo:
    paths = {"diary": {"type": "string"}, "gate": {"type": "string"}}
    return BackendInfo(
        toolkit="numpy",
        distribution="numpy",
        offers=(Offer(op="quantize", accepts={"weights": ("float16",)}),),
        settings_schema={"quantize": {"type": "object", "properties": paths}},
    )


@hookimpl
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    with Path(context.settings["diary"]).open("a") as diary:
        diary.write(f"{context.index}")
    gate = context.settings.get("gate")
    while gate and not Path(gate).exists():
        time.sleep(0.02)
    proto = onnx.load(model.path)
    for tensor in proto.graph.initializer:
        half = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    path = context.workdir / "half.onnx"
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
    tensors = onnx.load(deployable.path).graph.initializer
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors}
    return [
        layer_state(
            layer.name, arrays[layer.weight], bits=32, payload_bytes=arrays[layer.weight].nbytes
        )
        for layer in source_layers(context.original.path)
    ]
