"""Why nothing is trained here."""

from __future__ import annotations

from boildown import Refusal

_NOT_YET = "training is not offered by this backend yet; train with the backend `torch`"
TRAINING_REFUSALS = (
    Refusal(op="quantize", setting="train", value=True, reason=_NOT_YET),
    Refusal(op="cluster", setting="train", value=True, reason=_NOT_YET),
    Refusal(op="prune", setting="train", value=True, reason=_NOT_YET),
    Refusal(op="distill", reason=f"distilling trains, and {_NOT_YET}"),
)
