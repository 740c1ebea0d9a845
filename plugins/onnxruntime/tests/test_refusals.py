"""What the backend refuses, with a reason that helps; known without its toolkit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from boildown import Cluster, Distill, Prune, Quantize, Recipe, Step, Train, UnsupportedError
from boildown.negotiation.gaps import gaps
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import normalised, run
from boildown_onnxruntime.hooks import backend_info
from jsonschema import Draft202012Validator

from .cases import label

REFUSED: list[tuple[Step, str]] = [
    (Quantize(activations="int8", train=Train()), "cannot train"),
    (Prune(sparsity=0.5, train=Train()), "cannot train"),
    (Cluster(bits=4, train=Train()), "cannot train"),
    (Distill(width=0.5), "cannot train"),
    (Prune(sparsity=0.5, structure="channel"), "changes shapes"),
    (Quantize(activations="int16"), "no 16-bit integer kernels"),
    (Quantize(weights="int4", activations="int8"), "int4"),
    (Quantize(activations="int8", symmetric=False), "symmetric"),
    (Quantize(activations="int8", granularity="block"), "block"),
    (Quantize(activations="dynamic", granularity="channel"), "channel"),
    (Quantize(granularity="block", block_size=24), "24"),
    (Prune(sparsity=0.5, structure="filter", criterion="fpgm"), "fpgm"),
    (Prune(sparsity=0.5, schedule="cubic"), "cubic"),
]


def told(*steps: Step, available: frozenset[str] = frozenset({"samples", "train"})) -> str:
    info = backend_info()
    found = gaps(
        Recipe(recipe=1, name="one", steps=steps),
        info.offers,
        refusals=info.refusals,
        platforms=info.platforms,
        backend="onnxruntime",
        available=available,  # type: ignore[arg-type]
        platform="linux",
    )
    return "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("step", "reason"), REFUSED, ids=lambda x: "" if isinstance(x, str) else label(x)
)
def test_a_refusal_says_why(step: Step, reason: str) -> None:
    assert reason in told(step)


def test_what_is_offered_is_not_refused() -> None:
    assert told(Prune(sparsity=0.5), Cluster(bits=4), Quantize(activations="int8")) == ""


def test_nothing_follows_quantization() -> None:
    assert "quantize" in told(Quantize(), Prune(sparsity=0.5))
    assert "quantize" in told(Quantize(), Quantize())


def test_static_quantization_wants_samples() -> None:
    assert "samples" in told(Quantize(activations="int8"), available=frozenset())
    assert told(Quantize(activations="dynamic"), available=frozenset()) == ""


@pytest.mark.parametrize(
    ("settings", "problems"),
    [({"reduce_range": False}, 0), ({"reduce_range": 1}, 1), ({"x": 1}, 1)],
)
def test_settings_of_this_backend_are_checked(settings: dict[str, object], problems: int) -> None:
    schema = backend_info().settings_schema["quantize"]
    Draft202012Validator.check_schema(schema)
    assert len(list(Draft202012Validator(schema).iter_errors(settings))) == problems


def test_asking_what_it_can_do_imports_no_toolkit() -> None:
    program = (
        "import sys, boildown_onnxruntime.hooks as hooks; hooks.backend_info();"
        "print(sorted({'onnxruntime', 'onnx'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("settings", [{"reduce_range": True}, {"weight_type": "uint8"}])
@pytest.mark.parametrize("step", [Quantize(weights="int4"), Quantize(activations="dynamic")])
def test_a_setting_of_static_int8_is_refused_elsewhere(
    settings: dict[str, Any], step: Quantize, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="static int8, which this step is not"):
        run("onnxruntime", source, step, settings=settings)


def test_eight_bits_of_weights_of_seven_are_refused(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Quantize(weights="int7", activations="int8")
    with pytest.raises(UnsupportedError, match="int7 has 7"):
        run("onnxruntime", source, step, settings={"reduce_range": False})


def test_zeros_that_one_bit_cannot_hold_are_told(tmp_path: Path) -> None:
    source, one = normalised(GRAPHS["plain"](), tmp_path), Quantize(weights="int1")

    def codes(*steps: Step) -> list[str]:
        return [warned.code for warned in run("onnxruntime", source, *steps).steps[-1].warnings]

    assert codes(one) == ["NOTE"]
    assert codes(Prune(sparsity=0.5), one) == ["NOTE", "PARTIAL"]
