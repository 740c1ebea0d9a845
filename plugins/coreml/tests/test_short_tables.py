"""Codes behind shared values: short tables are refused in the plan, all others work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boildown import Cluster, Prune, Quantize, Step, Train, UnsupportedError
from boildown.recipe.steps import Layers
from boildown.testing import jobs
from boildown.testing.graphs import GRAPHS

from .jobs import normalised, run, states

ONE = Layers(include=("wide",))
PLANNED = r"step \d, quantize\.weights: int[48]: coremltools leaves tables of fewer than 10 numbers"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["plain"](), tmp_path_factory.mktemp("plain"))


def shared(values: int = 8, **said: Any) -> Cluster:
    return Cluster.model_validate({"values": values, "with": {"coreml": said} if said else {}})


SHORT: dict[str, tuple[Step, ...]] = {
    "2 values, int8": (shared(2), Quantize()),
    "8 values, int8": (shared(), Quantize()),
    "3 bits, int4": (Cluster(bits=3), Quantize(weights="int4")),
    "int8 activations": (shared(), Quantize(activations="int8")),
    "one layer quantized": (shared(), Quantize(granularity="tensor", layers=ONE)),
    "zeros kept": (Prune(sparsity=0.5), Cluster(bits=2, keep_sparsity=True), Quantize()),
    "learned": (Cluster(bits=1, train=Train(epochs=1)), Quantize()),
    "coremltools' own values": (shared(mode="kmeans"), Quantize(symmetric=False)),
}
#: Chain -> the most values that a layer may have afterwards.
LONG: dict[str, tuple[tuple[Step, ...], int]] = {
    "9 values, int8": ((shared(9), Quantize()), 9),
    "16 values, int8 activations": ((shared(16), Quantize(activations="int8")), 16),
    "4 bits, int4": ((Cluster(bits=4), Quantize(weights="int4")), 16),
    "8 values, float16": ((shared(), Quantize(weights="float16")), 8),
    "tables of channels": ((Cluster(bits=1, granularity="channel"), Quantize()), 2 * 48),
    "tables of groups": ((shared(group_size=1), Quantize()), 8 * 48),
    "vectors": ((shared(cluster_dim=2), Quantize()), 16),
    "one layer shared": ((Cluster(bits=3, layers=ONE), Quantize()), 256),
}


@pytest.mark.parametrize("name", SHORT)
def test_codes_of_short_tables_are_refused_before_anything_runs(name: str) -> None:
    with pytest.raises(UnsupportedError, match=PLANNED):
        jobs.refuse_gaps("coreml", SHORT[name], "")


@pytest.mark.parametrize("name", SHORT)
def test_what_the_plan_refuses_does_not_run(
    name: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "refuse_gaps", lambda *_: None)
    with pytest.raises(UnsupportedError, match="no layer has changed"):
        run(source, *SHORT[name])


@pytest.mark.parametrize("name", LONG)
def test_other_chains_are_offered_and_work(name: str, source: Path) -> None:
    steps, most = LONG[name]
    found = states(run(source, *steps))
    assert max(state.distinct_values for state in found.values()) <= most
