"""What coremltools has stored must follow what was there before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Cluster, Layer, Quantize, UnsupportedError, source_layers
from boildown.testing.graphs import GRAPHS
from boildown_coreml import cluster, network
from boildown_coreml.checking import refuse_unlike
from boildown_coreml.stored import Stored
from boildown_coreml.tables import clustered

from .jobs import normalised, run

WEIGHT = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)


def layers() -> list[Layer]:
    return source_layers(GRAPHS["plain"]())[:1]


def stored(values: np.ndarray) -> dict[int, list[Stored]]:
    return {0: [Stored(values, 32, values.nbytes)]}


@pytest.mark.parametrize(
    "values",
    [WEIGHT, np.sign(WEIGHT), np.round(WEIGHT), np.where(WEIGHT > 1, WEIGHT, 0)],
    ids=["the same", "signs", "rounded", "pruned"],
)
def test_weights_that_follow_the_old_ones_pass(values: np.ndarray) -> None:
    refuse_unlike(stored(WEIGHT), stored(values), [0], layers())


def test_signs_of_positive_weights_pass() -> None:
    refuse_unlike(stored(np.abs(WEIGHT)), stored(np.full_like(WEIGHT, 0.8)), [0], layers())


@pytest.mark.parametrize(
    "values", [np.zeros_like(WEIGHT), -WEIGHT], ids=["an empty table", "a table upside down"]
)
def test_weights_that_do_not_are_refused_by_layer(values: np.ndarray) -> None:
    with pytest.raises(UnsupportedError, match=layers()[0].name):
        refuse_unlike(stored(WEIGHT), stored(values), [0], layers())


@pytest.mark.parametrize("form", ["mlpackage", "mlmodel"])
def test_a_saved_table_in_the_wrong_order_is_found_out(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the check on saved files: indices meet the wrong values."""

    def upside_down(step: Cluster, seed: int) -> Any:
        find = clustered(step, seed)

        def wrong(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values, indices = find(weight)
            return values[::-1], indices

        return wrong

    source = normalised(GRAPHS["plain"](), tmp_path)
    run(source, Cluster(bits=4), settings={"format": form})
    for part in (cluster, network):
        monkeypatch.setattr(part, "clustered", upside_down)
    with pytest.raises(UnsupportedError, match="other weights than those of stem, wide"):
        run(source, Cluster(bits=4), settings={"format": form})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"format": "mlmodel", "target": "iOS17"}, "target: a neural network"),
        ({"format": "mlmodel", "precision": "float16"}, "precision: a neural network"),
        ({"activation_mode": "linear"}, "activations: int8"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(
    said: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match=reason):
        run(source, Quantize(), settings=said)
