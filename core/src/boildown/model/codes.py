"""How many bits one weight takes where its code is stored, through any chain of unpacking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .evaluate import ELEMENTWISE, LOOKUPS, MOVES, SCATTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

    from .folding import Constants

_LARGEST_TABLE = 1 << 16
_BYTE = 8


class Code(NamedTuple):
    """How one stored weight is stored: bits, and the type of the tensor that holds its code."""

    bits: float
    type: str


def stored_code(constants: Constants, name: str) -> Code:
    """Return how one element of the constant `name` is stored where its code is.

    The code is what is dequantized, looked up or unpacked: of uint8 indices into a table 8, of
    UINT4 codes 4, of two indices in a byte 4. Where zeros are not stored (sparse tensors, values
    that a mask or a scatter spreads out) these are the bits of a value that is; the mask counts
    in the payload alone.
    """
    kept = _before_spreading(constants, name)
    elements = constants.value(kept).size
    codes = [constants.stored[code] for code in _codes(constants, kept)]
    if len(codes) == 1 and (codes[0].is_sparse or codes[0].elements >= elements):
        return Code(float(codes[0].bits), codes[0].type)
    types = "+".join(sorted({code.type for code in codes}))
    return Code(packed_bits(sum(code.bytes for code in codes), elements), types)


def packed_bits(size: int, elements: int) -> float:
    """Return the bits of one code when `elements` codes are packed into `size` bytes.

    What pads the last byte does not count: 5 codes in 3 bytes have 4 bits, not 4.8.
    """
    most = size * _BYTE / elements
    least = (size - 1) * _BYTE / elements
    whole = [bits for bits in (*(8, 4, 2, 1), *range(32, 0, -1)) if least < bits <= most]
    return float(whole[0]) if whole else most


def _before_spreading(constants: Constants, name: str) -> str:
    """Return the tensor of the values that are stored, `name` itself where none is left out."""
    kept = current = name
    while (node := constants.producer(current)) is not None:
        carriers = set(_carriers(constants, node))
        if len(carriers) != 1:
            break
        (current,) = carriers
        if node.op_type in SCATTERS or (
            node.op_type in LOOKUPS and _has_places(constants, node.input[1])
        ):
            kept = current
    return kept


def _codes(constants: Constants, name: str) -> list[str]:
    found, waiting, seen = [], [name], {name}
    while waiting:
        current = waiting.pop()
        node = constants.producer(current)
        if node is None:
            found.append(current)
            continue
        carriers = dict.fromkeys(_carriers(constants, node))
        fresh = [item for item in carriers if item not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return found


def _carriers(constants: Constants, node: onnx.NodeProto) -> Sequence[str]:
    """Return the inputs of a node that carry the codes; the others say how to read them."""
    inputs = [name for name in node.input if name]
    if node.op_type in MOVES:
        return inputs[:1]
    if node.op_type in LOOKUPS:
        return inputs[1:2] if _is_table(constants, *inputs[:2]) else inputs[:1]
    if node.op_type in SCATTERS:
        return inputs[2:3]
    if node.op_type == "Where":
        return inputs[1:3]
    if node.op_type in ELEMENTWISE:
        return [max(inputs, key=lambda item: constants.value(item).size)]
    return inputs


def _is_table(constants: Constants, data: str, index: str) -> bool:
    """Tell a table that codes point into from values that a mask spreads out."""
    if _has_places(constants, index):
        return False
    size = constants.value(data).size
    return size <= max(_LARGEST_TABLE, constants.value(index).size)


def _has_places(constants: Constants, index: str) -> bool:
    """Tell places that were counted off a mask from codes that are stored."""
    return any(node.op_type == "CumSum" for node in constants.nodes(index))
