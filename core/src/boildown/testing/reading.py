"""Read what a job made as the host does, and say in sentences what is wrong with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from ..errors import BoildownError
from ..measuring.audit import cross_check
from ..model.decoding import decode_layers
from ..model.deflate import deflated_bytes
from ..model.state import LayerState, onnx_layer_states
from ..recipe.steps import Prune, Quantize
from .bench import onnx_outputs, seeded_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..model.layers import Layer
    from ..recipe.steps import Step
    from .bench import Outcome

#: Greatest difference of outputs, relative to the greatest output.
TWIN_TOLERANCE = 1e-4
#: Below this share of zeros a file need not be smaller.
_WORTH_STORING = 0.5
_COMPUTES_IN_INTEGERS = ("QuantizeLinear", "DynamicQuantize", "QLinear", "QGemm", "Integer")


def failure(outcome: Outcome) -> str:
    """Say why a job did not end well; empty: it did."""
    result = outcome.result
    if result.status != "ok":
        return f"{result.status}: {result.reason}"
    return "" if result.deployable else "ok, but without a deployable"


def states(outcome: Outcome) -> dict[str, LayerState]:
    """Return the layers as the backend decoded them, else as they stand in the ONNX form.

    Raises ModelError where the ONNX form cannot be decoded, LookupError where there is neither.
    """
    if outcome.result.layers is not None:
        return {state.layer: state for state in outcome.result.layers}
    if outcome.result.onnx is None:
        raise LookupError(
            f"neither layers() nor to_onnx() gives anything: {outcome.result.layers_reason};"
            f" {outcome.result.onnx_reason}"
        )
    decoded = onnx_layer_states(outcome.result.onnx.path, outcome.subject.layers)
    return {state.layer: state for state in decoded}


def values(outcome: Outcome, layers: Sequence[Layer]) -> dict[str, tuple[np.ndarray, int]]:
    """Return the weights of layers as the ONNX form has them, with their output-channel axis."""
    if outcome.result.onnx is None:
        return {}
    decoded = decode_layers(outcome.result.onnx.path, layers)
    axes = {layer.name: layer.axis for layer in layers}
    return {item.layer: (item.values, axes[item.layer]) for item in decoded}


def wrong_layers(outcome: Outcome) -> list[str]:
    """Compare the names, shapes and numbers of `layers()` with source and ONNX form."""
    own = outcome.result.layers
    if own is None:
        return [] if outcome.result.layers_reason else ["layers() gave nothing, without a reason"]
    names, wanted = [s.layer for s in own], [layer.name for layer in outcome.subject.layers]
    found = []
    if sorted(names) != sorted(wanted):
        found.append(f"layers() names {names}; the source's layers are {wanted}")
    for state in own:
        numbers = (state.bits, state.sparsity, state.entropy_bits)
        if not all(map(math.isfinite, numbers)) or not 0 <= state.sparsity <= 1 or state.bits <= 0:
            found.append(f"layer {state.layer!r}: impossible numbers {state.model_dump()}")
    if outcome.result.onnx is not None:
        try:
            decoded = onnx_layer_states(outcome.result.onnx.path, outcome.subject.layers)
        except BoildownError as error:
            return [*found, str(error)]
        found += cross_check(own, decoded)
    return found


def outputs(outcome: Outcome, count: int = 5) -> dict[str, np.ndarray]:
    """Run the ONNX form on seeded inputs."""
    if outcome.result.onnx is None:
        return {}
    return onnx_outputs(outcome.result.onnx.path, inputs_of(outcome, count))


def inputs_of(outcome: Outcome, count: int = 5) -> dict[str, np.ndarray]:
    """Return seeded inputs in a batch that the network takes."""
    return seeded_inputs(outcome.subject.model.path, outcome.subject.batch or count, seed=9)


def wrong_outputs(found: Mapping[str, np.ndarray], outcome: Outcome, count: int = 5) -> list[str]:
    """Compare names and shapes of outputs with the source's; their numbers must be finite."""
    wanted = onnx_outputs(outcome.subject.model.path, inputs_of(outcome, count))
    if list(found) != list(wanted):
        return [f"the outputs are {list(found)}; the source's are {list(wanted)}"]
    return [
        f"output {name!r} has shape {values.shape}; the source's has {wanted[name].shape}"
        if values.shape != wanted[name].shape
        else f"output {name!r} holds NaN or infinity"
        for name, values in found.items()
        if values.shape != wanted[name].shape or not np.isfinite(values).all()
    ]


def unlike_the_source(
    found: Mapping[str, np.ndarray], outcome: Outcome, count: int = 5
) -> list[str]:
    """Say by how much outputs differ from the source's beyond the tolerance of a float twin."""
    if problems := wrong_outputs(found, outcome, count):
        return problems
    wanted = onnx_outputs(outcome.subject.model.path, inputs_of(outcome, count))
    problems = []
    for name, values in wanted.items():
        distance = float(np.abs(found[name] - values).max() / max(np.abs(values).max(), 1e-12))
        if distance > TWIN_TOLERANCE:
            problems.append(
                f"output {name!r} differs from the source's by {distance:.2g} of its greatest"
                f" value in a batch of {len(values)}; a float twin may by {TWIN_TOLERANCE:g}"
            )
    return problems


def not_smaller(step: Step, outcome: Outcome, twin: Outcome) -> list[str]:
    """Say where a file is no smaller than the float twin's, neither plain nor deflated."""
    if isinstance(step, Prune) and (step.sparsity or 0.0) < _WORTH_STORING and not step.pattern:
        return []
    ours, theirs = outcome.result.deployable, twin.result.deployable
    if ours is None or theirs is None:
        return []
    if ours.bytes < theirs.bytes or deflated_bytes(ours) < deflated_bytes(theirs):
        return []
    return [f"the file has {ours.bytes:,} bytes, the float twin {theirs.bytes:,}"]


def activations_left_alone(step: Step, outcome: Outcome) -> list[str]:
    """Say where activations were to be quantized and the ONNX form computes in float32 alone."""
    if not isinstance(step, Quantize) or outcome.result.onnx is None:
        return []
    model = onnx.load(outcome.result.onnx.path)
    nodes = [*model.graph.node, *(n for f in model.functions for n in f.node)]
    if step.activations in {"int8", "int16", "dynamic"}:
        found = any(word in node.op_type for node in nodes for word in _COMPUTES_IN_INTEGERS)
    elif step.activations == "float16":
        half = onnx.TensorProto.FLOAT16
        found = any(a.name == "to" and a.i == half for node in nodes for a in node.attribute)
    else:
        found = True
    return [] if found else [f"nothing in the ONNX form computes in {step.activations}"]


def source_weights(model: Path) -> dict[str, np.ndarray]:
    """Return the constants of a model by name."""
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(model).graph.initializer}


def names_the_node(reason: str, model: Path) -> bool:
    """Tell whether a refusal names a node or operator of the model."""
    nodes = onnx.load(model).graph.node
    return any(node.name in reason or node.op_type in reason for node in nodes if node.name)
