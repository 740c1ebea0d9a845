"""What the page looks up only when a job is opened: its layers and the end of its log, deflated.

Histograms are drawn 30 pixels high. So their bars are kept as 64 steps, one letter each, and texts
that many rows share stand once; with exact counts a page of 300 jobs would be twice as large.
"""

from __future__ import annotations

import base64
import json
import string
import zlib
from typing import TYPE_CHECKING, Any

from ..text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...comparison.audited import LayerAudit, WeightHistogram
    from ..view import View

#: The height of a bar by its letter, from none to the tallest of its side.
LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def packed(views: Sequence[View], logs: Mapping[int, str]) -> str:
    """Return layers and logs by number of the row: JSON, deflated (zlib), in base64.

    `texts` are the texts that the rest names by index. A layer is [name, op, shape, changed, bits,
    sparsity, distinct values, histogram or null]; a histogram is [bin width, first bin, bars
    before, tallest before, bars after, tallest after].
    """
    texts: dict[str, int] = {}
    rows = {
        str(view.number): {
            "log": logs.get(view.number, ""),
            "layers": [_layer(layer, texts) for layer in view.row.audit.layers]
            if view.row.audit
            else [],
        }
        for view in views
    }
    found = {"letters": LETTERS, "texts": list(texts), "rows": rows}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def _layer(layer: LayerAudit, texts: dict[str, int]) -> list[Any]:
    shape = "×".join(map(str, layer.shape))
    return [
        *(_known(text, texts) for text in (clean(layer.layer), clean(layer.op), shape)),
        int(layer.changed),
        float(f"{layer.bits:.4g}"),
        float(f"{layer.sparsity:.4g}"),
        layer.distinct_values,
        _drawn(layer.histogram, texts) if layer.histogram else None,
    ]


def _drawn(lies: WeightHistogram, texts: dict[str, int]) -> list[Any]:
    sides = [(_bars(side), max(side, default=0)) for side in (lies.before, lies.after)]
    return [
        lies.bin_width,
        lies.first,
        *(part for bars, most in sides for part in (_known(bars, texts), most)),
    ]


def _bars(counts: Sequence[int]) -> str:
    """Return a letter a bin; what is not empty has at least the lowest step."""
    most = max(counts, default=0) or 1
    steps = len(LETTERS) - 1
    return "".join(LETTERS[-(-count * steps // most)] for count in counts)


def _known(text: str, texts: dict[str, int]) -> int:
    return texts.setdefault(text, len(texts))
