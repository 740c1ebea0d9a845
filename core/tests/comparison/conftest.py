from __future__ import annotations

from pathlib import Path

import pytest
from boildown.comparison.files import read
from boildown.comparison.schema import Comparison

GOLDEN = Path(__file__).parent / "golden" / "schema-1.json"


@pytest.fixture
def golden() -> Path:
    """A file with every field of schema 1, never written again: it must stay readable."""
    return GOLDEN


@pytest.fixture
def comparison() -> Comparison:
    return read(GOLDEN)
