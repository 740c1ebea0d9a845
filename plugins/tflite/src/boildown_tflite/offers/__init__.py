"""What the TensorFlow Lite backend offers, and why it refuses the rest; a module an operation."""

from .cluster import CLUSTER_OFFERS
from .distill import DISTILL_OFFERS, DISTILL_REFUSALS
from .prune import PRUNE_OFFERS, PRUNE_REFUSALS
from .quantize import QUANTIZE_OFFERS, QUANTIZE_REFUSALS

OFFERS = (*QUANTIZE_OFFERS, *PRUNE_OFFERS, *CLUSTER_OFFERS, *DISTILL_OFFERS)
REFUSALS = (*QUANTIZE_REFUSALS, *PRUNE_REFUSALS, *DISTILL_REFUSALS)
