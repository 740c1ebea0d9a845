"""What the page looks up only when a job is opened: its layers and the end of its log, deflated."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

from ..text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...comparison.schema import LayerAudit
    from ..view import View


def packed(views: Sequence[View], logs: Mapping[int, str]) -> str:
    """Return layers and logs by number of the row: JSON, deflated (zlib), in base64.

    A layer is [name, op, shape, changed, bits, sparsity, distinct values, histogram or null]; a
    histogram is [bin width, first bin, counts before, counts after].
    """
    found = {
        str(view.number): {
            "log": logs.get(view.number, ""),
            "layers": [_layer(layer) for layer in view.row.audit.layers] if view.row.audit else [],
        }
        for view in views
    }
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _layer(layer: LayerAudit) -> list[Any]:
    lies = layer.histogram
    return [
        clean(layer.layer),
        clean(layer.op),
        layer.shape,
        layer.changed,
        float(f"{layer.bits:.4g}"),
        float(f"{layer.sparsity:.4g}"),
        layer.distinct_values,
        [lies.bin_width, lies.first, lies.before, lies.after] if lies else None,
    ]
