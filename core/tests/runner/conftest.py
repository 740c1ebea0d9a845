"""What a run of the tiny model is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def asked(model_path: Path, data: str, tmp_path: Path) -> dict[str, Any]:
    return {
        "models": str(model_path),
        "backends": "rounding",
        "data": data,
        "out": tmp_path / "out",
        "timing_seconds": 0.2,
    }
