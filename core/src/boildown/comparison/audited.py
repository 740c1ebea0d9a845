"""What a job changed in the layers of a network, as `comparison.json` keeps it."""

from __future__ import annotations

from ..frozen import Frozen


class WeightHistogram(Frozen):
    """A layer's values other than zero; the lower edge of bin i is `(first + i) * bin_width`."""

    bin_width: float
    first: int
    before: tuple[int, ...]
    after: tuple[int, ...]


class LayerAudit(Frozen):
    """One layer before and after, decoded from the saved files."""

    layer: str
    op: str
    shape: tuple[int, ...]
    changed: bool
    bits: float
    sparsity: float
    distinct_values: int
    histogram: WeightHistogram | None = None


class Audit(Frozen):
    """What the job really changed, counted by the host."""

    layers_changed: int
    layers_total: int
    bits: float | None
    sparsity: float | None
    distinct_values: int | None
    #: Where the counts come from: the backend's decoder, or the ONNX form.
    source: str
    reason: str = ""
    layers: tuple[LayerAudit, ...] = ()
