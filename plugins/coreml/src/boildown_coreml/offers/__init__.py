"""What the Core ML backend offers, and why it refuses the rest; a module an operation."""

from .cluster import CLUSTER_OFFERS, CLUSTER_REFUSALS
from .prune import PRUNE_OFFERS, PRUNE_REFUSALS
from .quantize import QUANTIZE_OFFERS, QUANTIZE_REFUSALS
from .training import TRAINING_REFUSALS

OFFERS = (*QUANTIZE_OFFERS, *CLUSTER_OFFERS, *PRUNE_OFFERS)
REFUSALS = (*QUANTIZE_REFUSALS, *CLUSTER_REFUSALS, *PRUNE_REFUSALS, *TRAINING_REFUSALS)
