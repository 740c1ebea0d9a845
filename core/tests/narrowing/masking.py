"""The proof of a narrower network: the source with the same channels set to 0, wherever they are.

A product by a mask stands behind every node whose output has channels, also where a bias or a
sigmoid would make something else of 0. Layer norms are computed from the channels that stay.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from boildown.narrowing.choosing import choose
from boildown.narrowing.follow import follow
from boildown.narrowing.settling import settle_lengths
from onnx import NodeProto, helper, numpy_helper


def masked(source: onnx.ModelProto, width: float = 0.5, *, shift: int = 0) -> onnx.ModelProto:
    """Return the source with those channels set to 0 that `narrow` takes out, or others."""
    source = settle_lengths(source)
    flow = follow(source)
    stays = np.roll(choose(flow, width), shift)
    model = onnx.ModelProto()
    model.CopyFrom(source)
    nodes: list[NodeProto] = []
    for node in source.graph.node:
        copy = NodeProto.FromString(node.SerializeToString())
        nodes.append(copy)
        for place, name in enumerate(node.output):
            if name in flow.channels:
                found = flow.channels[name]
                kept = np.array([channel < 0 or bool(stays[channel]) for channel in found.ids])
                along = [1] * len(flow.shapes[name])
                along[found.axis] = len(kept)
                mask = constant(model, f"{name}/mask", kept.astype(np.float32).reshape(along))
                copy.output[place] = f"{name}/whole"
                if node.op_type == "LayerNormalization" and found.axis == len(along) - 1:
                    nodes[-1:] = left_out(model, copy, kept)
                nodes.append(helper.make_node("Mul", [f"{name}/whole", mask], [name]))
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    return model


def left_out(model: onnx.ModelProto, norm: NodeProto, kept: np.ndarray) -> Iterator[NodeProto]:
    """Compute a norm over the last axis from some places of it; 0 at the others."""
    out = norm.output[0]
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    places = constant(model, f"{out}/places", np.flatnonzero(kept))
    yield helper.make_node("Gather", [norm.input[0], places], [f"{out}/some"], axis=-1)
    norm.input[0] = f"{out}/some"
    for index in range(1, len(norm.input)):
        part = tensors[norm.input[index]][..., kept]
        norm.input[index] = constant(model, f"{out}/{index}", part)
    norm.output[0] = f"{out}/normal"
    yield norm
    back = constant(model, f"{out}/back", np.eye(len(kept), dtype=np.float32)[kept])
    yield helper.make_node("MatMul", [f"{out}/normal", back], [out])


def constant(model: onnx.ModelProto, name: str, values: np.ndarray) -> str:
    model.graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def outputs(model: onnx.ModelProto, batch: int = 3, seed: int = 0) -> list[np.ndarray]:
    """Return what ONNX Runtime makes of seeded noise."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    opened = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    random = np.random.default_rng(seed)
    feeds = {}
    for item in opened.get_inputs():
        shape = [length if isinstance(length, int) else batch for length in item.shape]
        whole = "int" in item.type
        noise = random.integers(0, 4, shape) if whole else random.standard_normal(shape)
        feeds[item.name] = noise.astype(np.int64 if whole else np.float32)
    return opened.run(None, feeds)


def distance(one: onnx.ModelProto, other: onnx.ModelProto) -> float:
    """Return how far two networks are from each other, relative to their greatest output."""
    pairs = [*zip(outputs(one), outputs(other), strict=True)]
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)
