"""The zoo's records and images, read once a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown_zoo.hooks import provide_dataset
from numpy.typing import NDArray

RECORDS = Path(__file__).parents[3] / "benchmarks" / "results" / "zoo"

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="session")
def records() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in RECORDS.glob("*.json")}


@pytest.fixture(scope="session")
def splits() -> dict[str, Arrays]:
    manifest = provide_dataset("zoo:fashion-mnist")
    assert manifest is not None
    return {name: dict(np.load(split.path)) for name, split in manifest.splits.items()}
