"""What the NNI backend offers, and why it refuses the rest; a module an operation."""

from .cluster import CLUSTER_REFUSALS
from .prune import PRUNE_OFFERS, PRUNE_REFUSALS

OFFERS = PRUNE_OFFERS
REFUSALS = (*PRUNE_REFUSALS, *CLUSTER_REFUSALS)
