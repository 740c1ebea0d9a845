"""Rows that are smaller and not faster are told by what is smaller."""

from __future__ import annotations

import pytest
from boildown.comparison.schema import Deployable, Ratio, Speed
from boildown.measuring.effects import one_sided
from boildown.measuring.speedup import no_speed


def file(size: int, deflated: int | None, macs: int = 10) -> Deployable:
    return Deployable(
        path="m",
        format="onnx",
        sha256="0",
        bytes=size,
        deflated_bytes=deflated,
        bits_per_weight=None,
        entropy_bits_per_weight=None,
        parameters=None,
        macs=macs,
    )


def speed(median: float) -> Speed:
    ratio = Ratio(median=median, q1=median, q3=median, n=9, interval=(median - 0.01, median + 0.01))
    found = no_speed("", runtime="LiteRT")
    return found.model_copy(update={"versus_same_runtime_float": ratio})


TWIN = file(1000, 900)


@pytest.mark.parametrize(
    ("made", "ratio", "code"),
    [
        (file(250, 240), 1.0, "STORAGE_ONLY"),
        (file(250, 240), 0.5, "STORAGE_ONLY"),
        (file(1000, 500), 0.99, "DEFLATED_ONLY"),
        (file(1000, 500), 1.04, "DEFLATED_ONLY"),
        (file(250, 240), 2.0, None),
        (file(1000, 500), 2.0, None),
        (file(1000, 900), 1.0, None),
        (file(1100, 1000), 0.5, None),
        (file(1000, None), 1.0, None),
    ],
)
def test_what_is_smaller_and_not_faster_is_named(
    made: Deployable, ratio: float, code: str | None
) -> None:
    found = one_sided(made, TWIN, speed(ratio))
    assert (found.code if found else None) == code


def test_the_figures_that_led_to_it_are_told() -> None:
    found = one_sided(file(1000, 500), TWIN, speed(0.99))
    assert found is not None
    assert found.text == (
        "smaller only when deflated (1.80×): the file as it is loaded is 1.00× and not faster "
        "(0.99×, 95 % interval 0.98 to 1.00): as many multiplications are done as before"
    )


def test_fewer_multiplications_are_not_said_to_be_as_many() -> None:
    found = one_sided(file(250, 240, macs=5), TWIN, speed(1))
    assert found is not None
    assert "which the runtime does not turn into time" in found.text


def test_without_a_speed_nothing_is_said() -> None:
    assert one_sided(file(250, 240), TWIN, None) is None
    assert one_sided(file(250, 240), TWIN, no_speed("requires macOS", runtime="x")) is None
