"""What pruning the Core ML backend offers, and why it refuses the rest."""

from __future__ import annotations

from boildown import Offer, Range, Refusal

from .codes import WHOLE_INT4

NO_ZEROS = {"mlmodel": "a neural network has no form for zeros; ship an mlpackage"}
#: Layers whose input channels lie along an axis that coremltools knows.
PATTERNED = ("Conv", "Gemm", "MatMul")
PRUNE_OFFERS = (
    Offer(
        op="prune",
        accepts={"sparsity": Range(minimum=0, maximum=1)},
        after=("distill", "quantize"),
        unfit_formats=NO_ZEROS,
    ),
    Offer(
        op="prune",
        accepts={"threshold": Range(minimum=0), "criterion": ("threshold",)},
        after=("distill",),
        unfit_formats=NO_ZEROS,
    ),
    Offer(
        op="prune",
        accepts={"structure": ("n:m",)},
        after=("distill",),
        operators=PATTERNED,
        unfit_formats=NO_ZEROS,
    ),
)
PRUNE_REFUSALS = (
    Refusal(
        op="prune",
        reason="int4 with one scale a layer leaves it 16 values, of which pruning would zero all"
        " weights or none; prune first, or give `granularity: channel`",
        behind=WHOLE_INT4,
    ),
    *(
        Refusal(
            op="prune",
            setting="structure",
            value=value,
            reason=reason,
        )
        for value, reason in (
            ("filter", "coremltools zeroes filters only while training; give `train`"),
            ("block", "coremltools zeroes single weights, or n of m along the input channels"),
        )
    ),
    Refusal(
        op="prune",
        setting="structure",
        value="channel",
        reason="coremltools removes no channels; the backend `torch` does",
    ),
    *(
        Refusal(
            op="prune",
            setting="criterion",
            value=value,
            reason="coremltools judges weights by their magnitude only",
        )
        for value in ("l2", "fpgm", "taylor", "slim", "movement", "random")
    ),
    Refusal(
        op="prune",
        setting="scope",
        value="global",
        reason="coremltools prunes each layer by itself",
    ),
    *(
        Refusal(
            op="prune",
            setting="schedule",
            value=value,
            reason="sparsity can only grow while training; give `train`",
        )
        for value in ("linear", "cubic")
    ),
)
