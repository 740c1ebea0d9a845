"""What data can give to the steps of a recipe, as far as a plan can see it: nothing is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data.manifest import DataManifest
from ..data.splits import assemble
from ..plugins.models import find_model
from .planning import EVERYTHING
from .subject_data import find_dataset, provided
from .subjects import available

if TYPE_CHECKING:
    from ..negotiation.offers import Need
    from .request import Cell, Request
    from .store import Store


def in_sight(cell: Cell, request: Request, store: Store) -> frozenset[Need]:
    """Return what the data of a cell can give to a step; everything where none are named yet.

    Raises as `prepare_data` does where they cannot be found or fit no role.
    """
    asked = request.data or cell.recipe.data
    if not cell.model:
        if not isinstance(asked, str):
            return EVERYTHING
        return available(find_dataset(asked, store), assembled=False)
    with store.entry("plans", "0" * 64) as entry:
        model = find_model(cell.model, entry.folder, trust=request.trust)
    asked = asked or model.default_data
    if asked is None:
        return EVERYTHING
    found = provided(asked, model, store)
    if not isinstance(found, DataManifest):
        found = assemble(found, calibrate=0).manifest
    return available(found, assembled=False)
