"""What the Core ML backend offers of weight sharing, which Core ML calls palettization."""

from __future__ import annotations

from boildown import Offer, Range, Refusal

from .codes import CODES_OF_CHANNELS

#: A neural network has one table for all weights of a layer, and no mask beside it.
_ONE_TABLE = {"mlmodel": "a neural network has one table a layer; ship an mlpackage"}
_TABLE = Offer(
    op="cluster",
    accepts={
        "bits": (1, 2, 3, 4, 6, 8),
        "values": Range(minimum=2, maximum=256),
        "init": (None, "kmeans", "linear", "density", "random"),
        "granularity": (None, "tensor"),
        "keep_sparsity": (False, True),
    },
    after=("distill", "prune", "quantize"),
)
_TABLES = _TABLE.model_copy(
    update={
        # A table of more for each channel is larger than the weights of most layers.
        "accepts": {
            **_TABLE.accepts,
            "bits": (1, 2, 3, 4),
            "values": Range(minimum=2, maximum=16),
            "granularity": ("channel",),
        },
        "after": ("distill", "prune"),
        "unfit_formats": _ONE_TABLE,
    }
)
CLUSTER_OFFERS = (_TABLE, _TABLES)
#: Steps that leave every layer a table of at most 8 numbers, while coremltools quantizes none of
#: fewer than 10. Those of some layers only are no such steps: int8 has the others to work on.
SHORT_TABLES = Offer(
    op="cluster",
    accepts={
        **_TABLE.accepts,
        "values": Range(minimum=2, maximum=8),
        "bits": (1, 2, 3),
        "train": (None, True),
        "layers": (),
    },
)
CLUSTER_REFUSALS = (
    Refusal(
        op="cluster",
        reason="codes would be shared, and each channel or block keeps a scale of its own, so a"
        " layer would have more values than were asked for; leave `granularity` of `quantize` out",
        behind=CODES_OF_CHANNELS,
    ),
    *(
        Refusal(
            op="cluster",
            setting="bits",
            value=bits,
            reason=f"Core ML has no indices of {bits} bits; `values: {2**bits}` shares as many"
            f" values and stores indices of {bits + 1}",
        )
        for bits in (5, 7)
    ),
    Refusal(
        op="cluster",
        setting="granularity",
        value="block",
        reason="tables belong to layers or channels; `with: {coreml: {group_size: 16}}` gives one"
        " to so many channels",
    ),
)
