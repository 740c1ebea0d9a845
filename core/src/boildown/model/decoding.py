"""Find the layers of the source in a compressed ONNX file and read what their weights are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ModelError
from .check import inlined, one_line, read_onnx
from .folding import Constants
from .matching import find_node
from .quantized import read_weight
from .stored import constants_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from .layers import Layer
    from .weights import Weight


_SHOWN = 5


class Decoded(NamedTuple):
    """One layer's numbers, in the source's orientation, and what they take in the file."""

    layer: str
    values: np.ndarray
    bits: float
    payload_bytes: int


def decode_layers(path: Path, source: Sequence[Layer]) -> list[Decoded]:
    """Decode every layer; ModelError names all that are missing or cannot be decoded."""
    model = read_onnx(path)
    own = constants_of(model.graph).keys()
    model = inlined(model)
    constants = Constants(model)
    found: list[tuple[Layer, Weight]] = []
    problems = []
    for layer in source:
        try:
            node = find_node(model.graph, layer, constants)
            found.append((layer, read_weight(node, layer, model.graph, constants)))
        except ModelError as error:
            problems.append(f"layer {layer.name!r}: {error}")
        except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
            problems.append(
                f"layer {layer.name!r}: its weight cannot be computed: {one_line(error)}"
            )
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ModelError(f"{path}: " + "; ".join(problems[:_SHOWN]) + more)
    # Constants that a function brings with it stand in the file once, however often it is used.
    payloads = _fair_shares([weight.sources & own for _layer, weight in found], constants)
    return [
        Decoded(layer.name, _oriented(weight, layer), weight.code.bits, payload)
        for (layer, weight), payload in zip(found, payloads, strict=True)
    ]


def _oriented(weight: Weight, layer: Layer) -> np.ndarray:
    """Turn a matrix round where its output channels lie on another axis than the source's."""
    if weight.values.ndim == len(layer.shape) == 2 and weight.axis % 2 != layer.axis:  # noqa: PLR2004 - a matrix
        return weight.values.T
    return weight.values


def _fair_shares(sources: Sequence[frozenset[str]], constants: Constants) -> list[int]:
    """Divide each stored tensor between the layers that use it; the first take what is left."""
    users = Counter(name for names in sources for name in names)
    served: Counter[str] = Counter()
    payloads = []
    for names in sources:
        total = 0
        for name in names:
            share, left = divmod(constants.stored[name].bytes, users[name])
            total += share + (served[name] < left)
            served[name] += 1
        payloads.append(total)
    return payloads
