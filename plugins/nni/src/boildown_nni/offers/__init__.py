"""What the NNI backend offers, and why it refuses the rest; a module an operation."""

from .cluster import CLUSTER_REFUSALS
from .distill import DISTILL_OFFERS, DISTILL_REFUSALS
from .prune import PRUNE_OFFERS, PRUNE_REFUSALS
from .quantize import QUANTIZE_OFFERS, QUANTIZE_REFUSALS

OFFERS = (*QUANTIZE_OFFERS, *PRUNE_OFFERS, *DISTILL_OFFERS)
REFUSALS = (*QUANTIZE_REFUSALS, *PRUNE_REFUSALS, *CLUSTER_REFUSALS, *DISTILL_REFUSALS)
