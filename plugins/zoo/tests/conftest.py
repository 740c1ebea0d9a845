"""The zoo's records, images and the exported network, made once a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import DataManifest, ModelEntry
from boildown_zoo.hooks import provide_dataset, provide_model
from numpy.typing import NDArray

RECORDS = Path(__file__).parents[3] / "benchmarks" / "results" / "zoo"

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="session")
def records() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in RECORDS.glob("*.json")}


@pytest.fixture(scope="session")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zoo")


@pytest.fixture(scope="session")
def splits(workdir: Path) -> dict[str, Arrays]:
    manifest = provide_dataset("zoo:fashion-mnist", workdir)
    assert manifest is not None
    return {name: dict(np.load(split.path)) for name, split in manifest.splits.items()}


@pytest.fixture(scope="session")
def lite0(workdir: Path) -> ModelEntry:
    entry = provide_model("zoo:efficientnet_lite0", workdir)
    assert entry is not None
    return entry


@pytest.fixture(scope="session")
def photos(workdir: Path) -> DataManifest:
    manifest = provide_dataset("zoo:photos", workdir)
    assert manifest is not None
    return manifest
