"""Give pads back to the convolutions and poolings of which PyTorch takes them apart.

PyTorch's layers pad both sides alike, so the importer pads before them where a network does not
(as TensorFlow's do at a stride of 2). ONNX Runtime has no integer kernel for Pad, and lays images
out anew around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import initializers, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_ROUND, _WIDEN = "QuantizeLinear", "DequantizeLinear"


def pad_inside(model: ModelProto) -> None:
    """Remove in place what pads images of Conv with zeros, or of MaxPool with their edge."""
    ends, gone = {item.name for item in model.graph.output}, set[str]()
    for pad in [node for node in model.graph.node if node.op_type == "Pad"]:
        pads, pairs = _of_images(pad, model), _rounding_behind(pad, model)
        last = pairs[-1] if pairs else pad
        readers = _readers(last, model)
        if pads is None or not readers or not ends.isdisjoint(last.output):
            continue
        if not all(_can_add(reader, last, pad, pads) for reader in readers):
            continue
        for reader in readers:
            _set(reader, pads=_sum(reader, pads))
        if pairs and not _repeats(pairs[0], pad, model):
            pairs[0].input[0] = pad.input[0]
            pairs = []
        else:
            for reader in readers:
                reader.input[0] = pad.input[0]
        gone |= {name for node in (pad, *pairs) for name in node.output}
    replace_nodes(model, [node for node in model.graph.node if gone.isdisjoint(node.output)])


def _of_images(pad: NodeProto, model: ModelProto) -> list[int] | None:
    """Return the pads of height and width, begins and then ends; None where there are others."""
    tensors = initializers(model)
    constants = [tensors.get(name) for name in pad.input[1:] if name]
    pads, *value = [None if t is None else numpy_helper.to_array(t) for t in constants]
    if pads is None or any(number is None or number.any() for number in value):
        return None
    begins, ends = pads[: len(pads) // 2], pads[len(pads) // 2 :]
    if pads.min() < 0 or begins[:2].any() or ends[:2].any():
        return None
    return [*map(int, begins[2:]), *map(int, ends[2:])]


def _rounding_behind(pad: NodeProto, model: ModelProto) -> list[NodeProto]:
    """Return QuantizeLinear and DequantizeLinear where nothing else reads what is padded."""
    found = [pad]
    for kind in (_ROUND, _WIDEN):
        readers = _readers(found[-1], model)
        if len(readers) != 1 or readers[0].op_type != kind:
            return []
        found += readers
    return found[1:]


def _repeats(rounding: NodeProto, pad: NodeProto, model: ModelProto) -> bool:
    """Tell whether what is padded has just been rounded so already."""
    before = [node for node in model.graph.node if pad.input[0] in node.output]
    return [(node.op_type, node.input[1:]) for node in before] == [(_WIDEN, rounding.input[1:])]


def _can_add(reader: NodeProto, last: NodeProto, pad: NodeProto, pads: list[int]) -> bool:
    """Tell whether a node pads as `pad` does; a greatest number does not change by the edge."""
    said = _attributes(reader)
    if list(reader.input).index(last.output[0]) or said.get("auto_pad", b"NOTSET") != b"NOTSET":
        return False
    if reader.op_type == "Conv":
        return bool(_attributes(pad).get("mode", b"constant") == b"constant")
    return bool(
        reader.op_type == "MaxPool"
        and _attributes(pad).get("mode") == b"edge"
        and not said.get("ceil_mode")
        and set(said.get("dilations", [1])) == {1}
        # No window lies in the pads alone.
        and all(p < k for p, k in zip(_sum(reader, pads), 2 * said["kernel_shape"], strict=True))
    )


def _readers(node: NodeProto, model: ModelProto) -> list[NodeProto]:
    return [reader for reader in model.graph.node if node.output[0] in reader.input]


def _sum(reader: NodeProto, pads: list[int]) -> list[int]:
    own = _attributes(reader).get("pads", [0] * len(pads))
    return [one + other for one, other in zip(own, pads, strict=True)]


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _set(node: NodeProto, **new: list[int]) -> None:
    kept = [a for a in node.attribute if a.name not in new]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(*pair) for pair in new.items())])
