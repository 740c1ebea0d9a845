"""The ML Program that steps work on: converted once, then compressed layer by layer.

From the first step on a chain hands on the `.mlpackage` itself: coremltools nests the forms of
compressed weights (joint compression), which plain numbers could not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from boildown import Artifact, StepOutcome, UnsupportedError, Warned, read_graph, source_layers

from .chain import precision_of, targets_of
from .checking import check_program, refuse_unlike
from .convert import convert
from .stored import first_uses, stored_weights, weight_operators
from .toolkit import ct, cto, silently
from .translator import COMPRESSED, read_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from boildown import Context, Layer

    from .stored import Stored

#: So many layers that stay as they were are named.
_TOLD = 6


class Method(NamedTuple):
    """One function of `coremltools.optimize.coreml` and how it is set for each constant."""

    #: `prune_weights`, `palettize_weights` or `linear_quantize_weights`.
    run: Callable[..., Any]
    #: Layer -> coremltools' settings.
    config: Callable[[Layer], Any]
    #: Why a layer may stay as it was.
    why: str


def open_package(model: Artifact, context: Context) -> Path:
    """Return the ML Program of an earlier step, or convert the source to one.

    Raises UnsupportedError where Core ML has no exact form of the network, the recipe's target
    is too low for its steps, or a step before made a neural network.
    """
    if model.format == "mlpackage":
        return model.path
    if model.format != "onnx":
        raise UnsupportedError(
            f"a .{model.format} cannot be compressed again; ship an mlpackage for several steps"
        )
    path = context.workdir / "float.mlpackage"
    target, highest = targets_of(context)
    precision = precision_of(context)
    made, _target = convert(
        read_graph(model), path, target=target, highest=highest, precision=precision
    )
    return made.path


def compress(
    package: Path, layers: Iterable[Layer], method: Method, context: Context, name: str
) -> StepOutcome:
    """Compress the weights of the given layers, and hold the saved file against what it was.

    Layers that coremltools leaves as they were are named in a warning. Raises UnsupportedError
    where it refuses the method, or the saved file cannot be measured.
    """
    before = read_program(package)
    source = source_layers(context.network.path)
    first = first_uses(source)
    chosen = {first[layer.weight]: layer for layer in layers}
    operators = {
        operator: layer
        for place, layer in chosen.items()
        for operator in weight_operators(before).get(place, [])
    }
    config = cto.OptimizationConfig(
        op_name_configs={item.name: method.config(layer) for item, layer in operators.items()}
    )
    joint = any(operator.op_type.startswith(COMPRESSED) for operator in operators)
    path = context.workdir / f"{name}.mlpackage"
    with silently():
        model = ct.models.MLModel(str(package), skip_model_load=True)
        try:
            made = method.run(model, config, joint_compression=joint)
        except (ValueError, NotImplementedError) as error:
            line = " ".join(str(error).split())[:400]
            raise UnsupportedError(f"coremltools refuses to {name}: {line}") from error
        made.save(str(path))
    check_program(path, source)
    old, new = (stored_weights(program) for program in (before, read_program(path)))
    if name != "prune":  # a threshold may zero a whole layer
        refuse_unlike(old, new, chosen, source)
    left = _same(old, new, chosen)
    if joint and len(left) == len(chosen):
        raise UnsupportedError(
            f"coremltools cannot {name} weights that the steps before have stored as they did: no"
            f" layer has changed ({method.why})"
        )
    warnings = partial([source[place].name for place in left], len(chosen), name, method.why)
    return StepOutcome(artifact=Artifact(path=path, format="mlpackage"), warnings=warnings)


def input_channels(layer: Layer) -> int:
    """Return how many weights of a layer meet one number of its output, places aside."""
    if layer.op in {"Gemm", "MatMul"} and layer.axis == len(layer.shape) - 1:
        return layer.shape[-2]
    return layer.shape[0 if layer.op == "ConvTranspose" else -1 if layer.axis else 1]


def partial(left: list[str], total: int, what: str, why: str) -> tuple[Warned, ...]:
    """Warn of the layers that a step has left as they were, if any."""
    if not left:
        return ()
    named = ", ".join(map(repr, left[:_TOLD]))
    more = f" and {len(left) - _TOLD} more" if len(left) > _TOLD else ""
    text = f"{what}: {len(left)} of {total} layers stay as they were, {named}{more}: {why}"
    return (Warned(code="PARTIAL", text=text),)


def _same(
    before: dict[int, list[Stored]], after: dict[int, list[Stored]], places: Iterable[int]
) -> list[int]:
    """Return the places of which a part has the same bits, bytes and numbers as before."""
    return [
        place
        for place in sorted(places)
        if any(
            old[1:] == new[1:] and np.array_equal(old.values, new.values)
            for old, new in zip(before[place], after[place], strict=True)
        )
    ]
