"""ONNX's names in a `.tflite` file: of its ports, and in a note of what became of each layer.

The names that the converter gives to tensors are no identity (see `matching`), and other tools may
change them. A metadata entry is part of the format and stays where it is: written once, while the
Keras model is at hand to compare with, it holds for whoever reads the file later.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from boildown import ModelError, UnsupportedError

from .flatbuffer import read_bytes, write_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onnx import ModelProto

    from .flatbuffer import File
    from .keras import tf_keras
    from .matching import Matched

ENTRY = "boildown.layers"


def name_file(content: bytes, model: tf_keras.Model, source: ModelProto, matched: Matched) -> bytes:
    """Return the file with the names of `source`'s ports and the entry about its layers."""
    file = read_bytes(content)
    inputs = _ports(source.graph.input, model.input_names, file.input_names, "input")
    outputs = _ports(source.graph.output, model.output_names, file.output_names, "output")
    names = _unique(file, {index: name for name, index in [*outputs.items(), *inputs.items()]})
    said = {
        "operators": {node: names[index] for node, index in matched.outputs.items()},
        "missing": matched.missing,
    }
    entry = json.dumps(said, separators=(",", ":")).encode()
    return write_names(content, names, inputs, outputs, {ENTRY: entry})


def read_names(file: File) -> tuple[dict[str, int], dict[str, str]]:
    """Return ONNX node -> index of what its operator makes, and node -> why it is missing.

    Raises ModelError where the file says nothing, or something else than this module writes.
    """
    try:
        said = json.loads(file.metadata[ENTRY])
        places = {tensor.name: tensor.place for tensor in file.tensors}
        found = {str(node): places[name] for node, name in said["operators"].items()}
        return found, {str(node): str(why) for node, why in said["missing"].items()}
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the .tflite file has no entry {ENTRY!r} that says which operators are the layers of"
            f" the ONNX source, or a damaged one ({error}): another tool has written it"
        ) from error


def _ports(
    ports: Iterable[object], keras: Sequence[str], found: Mapping[str, int], kind: str
) -> dict[str, int]:
    """Return ONNX name -> tensor, in the order of ONNX."""
    names = [str(port.name) for port in ports]  # type: ignore[attr-defined]
    if len(names) != len(keras) or any(name not in found for name in keras):
        raise UnsupportedError(
            f"the network has the {kind}s {names}, the converted file {sorted(found)}: TensorFlow"
            f" Lite's converter has dropped or renamed some"
        )
    return {name: found[own] for name, own in zip(names, keras, strict=True)}


def _unique(file: File, ports: Mapping[int, str]) -> dict[int, str]:
    """Return a name for every tensor: ONNX's for the ports, and no name twice."""
    taken = set(ports.values())
    names = dict(ports)
    for tensor in file.tensors:
        if tensor.place in names:
            continue
        name, number = tensor.name or "tensor", 0
        while name in taken:
            number += 1
            name = f"{tensor.name}#{number}"
        taken.add(name)
        names[tensor.place] = name
    return names
