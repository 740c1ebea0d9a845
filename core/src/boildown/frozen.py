"""The one base of all values that cross a boundary: frozen, closed, and safe to send as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A plain value: unknown keys are errors and nothing changes after it was made."""

    # Most values are of no use to most processes: each type is made ready when first used.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)
