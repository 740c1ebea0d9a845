"""What the PyTorch backend offers, and why it refuses the rest; a module an operation."""

from .cluster import CLUSTER_OFFERS
from .distill import DISTILL_OFFERS
from .prune import PRUNE_OFFERS, PRUNE_REFUSALS
from .quantize import QUANTIZE_OFFERS

OFFERS = (*QUANTIZE_OFFERS, *PRUNE_OFFERS, *CLUSTER_OFFERS, *DISTILL_OFFERS)
REFUSALS = PRUNE_REFUSALS
