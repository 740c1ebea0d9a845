"""Offers and facts as words and rows for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.inspect import ModelFacts
    from ..negotiation.offers import Offer, Range, Scalar

_MEGA = 1e6


def offers_in_words(offers: Sequence[Offer]) -> list[str]:
    """Return one line an offer: the operation, and what it accepts."""
    lines = []
    for offer in offers:
        accepted = [
            f"no {name}" if value == () else f"{name} {_values(value)}"
            for name, value in offer.accepts.items()
        ]
        needs = f" (needs {', '.join(offer.needs)})" if offer.needs else ""
        lines.append(f"{offer.op}: {'; '.join(accepted)}{needs}")
    return lines


def _values(value: tuple[Scalar, ...] | Range) -> str:
    from ..negotiation.offers import Range

    if isinstance(value, Range):
        low = "" if value.minimum is None else f"{value.minimum:g}"
        high = "" if value.maximum is None else f"{value.maximum:g}"
        return f"{low}…{high}"
    return "|".join("unset" if item is None else str(item) for item in value)


def facts_in_words(facts: ModelFacts) -> tuple[list[str], list[list[str]], list[str]]:
    """Return heading, one row a layer, and the lines below the table."""
    heading = ["layer", "operator", "shape", "weights", "MMACs", "type", "bits", "zeros"]
    rows = [
        [
            layer.name,
            layer.op,
            "x".join(map(str, layer.shape)),
            f"{layer.parameters:,}",
            "?" if layer.macs is None else f"{layer.macs / _MEGA:.2f}",
            layer.dtype,
            f"{layer.bits:g}",
            f"{layer.sparsity:.1%}",
        ]
        for layer in facts.layers
    ]
    if facts.macs is None:
        work = f"MACs unknown (operators: {', '.join(facts.uncounted)})"
    else:
        work = f"{facts.macs / _MEGA:.1f} M MACs"
    ports = [
        f"{kind} {name}: {'x'.join('N' if axis is None else str(axis) for axis in shape)}"
        for kind, found in (("input", facts.inputs), ("output", facts.outputs))
        for name, shape in found.items()
    ]
    sizes = f"{facts.bytes / _MEGA:.3f} MB, deflated {facts.deflated_bytes / _MEGA:.3f} MB"
    totals = [
        *ports,
        f"opset {facts.opset}; {facts.parameters:,} parameters; {work}; {sizes}",
    ]
    return heading, rows, totals
