"""Read a neural network from a `.mlmodel` file, and find the layers of its source in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import UnsupportedError, source_layers

from ..converting.preparing import folded, layer_results
from ..names import place_of, place_of_operator, plain_name
from ..toolkit import ct, silently

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto


def read_network(path: Path) -> tuple[Any, Any]:
    """Return the description and the network of a saved file (messages of coremltools' protocol).

    Raises UnsupportedError where the file holds something else.
    """
    with silently():
        spec = ct.utils.load_spec(str(path))
    kind = spec.WhichOneof("Type")
    if not kind.startswith("neuralNetwork"):
        raise UnsupportedError(f"{path.name} holds a {kind}, not a neural network")
    return spec.description, getattr(spec, kind)


class SourcePlaces:
    """Tells which layer of the source a layer of the network is, by its name."""

    def __init__(self, source: ModelProto) -> None:
        """Take the source; a layer that gives one of its outputs bears the output's name."""
        self.layers = source_layers(source)
        outputs = {item.name for item in source.graph.output}
        self._outputs = {
            plain_name(result): place
            for place, result in layer_results(folded(source)).items()
            if result in outputs
        }

    def __call__(self, layer: Any) -> int | None:
        """Return the place of the source's layer, None where it is none of them."""
        name = str(layer.name)
        if layer.WhichOneof("layer") == "loadConstantND":
            return place_of(name)
        found = place_of_operator(name)
        return self._outputs.get(name) if found is None else found
