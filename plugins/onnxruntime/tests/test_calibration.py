"""Ranges of activations: taken from every sample, in bounded memory, as each observer says."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, Context, DataError, DataManifest, Quantize
from boildown.job.protocol import JobResult
from boildown_onnxruntime.calibrate import Samples
from onnx import numpy_helper
from onnxruntime.quantization.calibrate import PercentileCalibrater

from .conftest import Kit, shipped
from .graphs import cnn, two_inputs

OBSERVERS = ("minmax", "entropy", "percentile", "mse")


def static(observer: str) -> Quantize:
    return Quantize.model_validate({"activations": "int8", "observer": observer})


def range_of(result: JobResult, name: str = "x") -> tuple[float, float]:
    """Return the least and the greatest number that a tensor can have once it is quantized."""
    model = onnx.load(result.steps[-1].artifact.path)
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    first = next(
        n for n in model.graph.node if n.op_type == "QuantizeLinear" and n.input[0] == name
    )
    scale, zero = (values[part] for part in first.input[1:3])
    return float(scale) * (0 - int(zero)), float(scale) * (255 - int(zero))


def with_samples(kit: Kit, change: Callable[[np.ndarray], None]) -> Kit:
    """Change the samples of the network's input x in place."""
    path = kit.folder / "data.npz"
    arrays = dict(np.load(path))
    change(arrays["x"])
    np.savez(path, **arrays)
    return kit


def outlier(place: int, value: float = 90.0) -> Callable[[np.ndarray], None]:
    def change(x: np.ndarray) -> None:
        x[place, 0, 0, 0] = value

    return change


def context(kit: Kit, data: DataManifest | None) -> Context:
    return Context(workdir=kit.folder, original=Artifact(path=kit.source), data=data)


@pytest.mark.parametrize("place", [0, 20, -1])
def test_the_range_covers_every_sample_to_the_last(place: int, kit: Callable[..., Kit]) -> None:
    made = with_samples(kit(), outlier(place))
    least = np.load(made.folder / "data.npz")["x"].min()
    low, high = range_of(made.run(static("minmax")))
    assert (low, high) == pytest.approx((least, 90), abs=high / 255)


@pytest.mark.parametrize(
    ("observer", "place"), [("percentile", 0), ("percentile", -1), ("entropy", 0), ("entropy", -1)]
)
def test_other_observers_cut_a_wild_number_off(
    observer: str, place: int, kit: Callable[..., Kit]
) -> None:
    made = with_samples(kit(count=650), outlier(place, 20.0))
    _low, high = range_of(made.run(static(observer)))
    assert 3 < high < 15


def test_percentile_leaves_out_a_hundred_thousandth(kit: Callable[..., Kit]) -> None:
    made = kit(count=650)
    x = np.load(made.folder / "data.npz")["x"]
    low, high = range_of(made.run(static("percentile")))
    wanted = np.percentile(np.abs(x), 99.999)
    assert max(-low, high) == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize("observer", OBSERVERS)
@pytest.mark.parametrize("count", [1, 16, 17, 48])
def test_any_number_of_samples_calibrates(
    observer: str, count: int, kit: Callable[..., Kit]
) -> None:
    made = kit(count=count)
    assert np.isfinite(made.output(shipped(made.run(static(observer))))).all()


@pytest.mark.parametrize("observer", OBSERVERS)
@pytest.mark.parametrize("batch", [1, 4, 50])
def test_a_model_with_a_fixed_batch_is_calibrated_with_all_samples(
    observer: str, batch: int, kit: Callable[..., Kit]
) -> None:
    model = cnn()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = batch
    made = with_samples(kit(model), outlier(-1, 5.5))
    result = made.run(static(observer))
    least = 5.4 if observer == "minmax" else 2.5  # the others may clip the outlier
    assert least < range_of(result)[1] < 5.6
    assert made.output(shipped(result), made.inputs(batch)).shape == (batch, 10)


def test_both_inputs_are_calibrated(kit: Callable[..., Kit]) -> None:
    made = kit(two_inputs())
    extra = np.load(made.folder / "data.npz")["extra"]
    low, high = range_of(made.run(static("minmax")), "extra")
    assert (low, high) == pytest.approx((extra.min(), extra.max()), abs=high / 100)


def peak(kit: Kit, observer: str) -> int:
    """Return the most bytes that Python and numpy held while quantizing."""
    kit.run(static(observer))
    tracemalloc.start()
    kit.run(static(observer))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("observer", OBSERVERS)
def test_memory_does_not_grow_with_the_samples(observer: str, kit: Callable[..., Kit]) -> None:
    few, many = (peak(kit("two_inputs", count=count), observer) for count in (32, 640))
    assert many < 1.25 * few


def test_the_toolkits_calibrator_would_make_memory_grow(kit: Callable[..., Kit]) -> None:
    """Negative control: it keeps the activations of all samples that it is given."""

    def held(count: int) -> int:
        made = kit("two_inputs", count=count)
        path = str(made.folder / "augmented.onnx")
        calibrater = PercentileCalibrater(made.source, augmented_model_path=path)
        calibrater.augment_graph()
        calibrater.create_inference_session()
        tracemalloc.start()
        calibrater.collect_data(Samples(context(made, made.data), 16))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert held(640) > 2 * held(32)


@pytest.mark.parametrize("observer", OBSERVERS)
def test_progress_counts_the_samples(observer: str, kit: Callable[..., Kit]) -> None:
    heard: list[dict[str, Any]] = []
    kit().run(static(observer), say=heard.append)
    told = [message for message in heard if message.get("text") == "calibrating"]
    done = [message["done"] for message in told]
    # Histograms take a second pass, in which whole activations leave the graph one by one.
    assert done == [0, 16, 32, 37, *([] if observer == "minmax" else range(38))]
    assert {message["total"] for message in told} == {37}


@pytest.mark.parametrize("splits", [None, {}])
def test_without_calibration_samples_there_is_an_error(
    splits: dict[str, Any] | None, kit: Callable[..., Kit]
) -> None:
    made = kit()
    data = made.data.model_copy(update={"splits": splits}) if splits is not None else None
    with pytest.raises(DataError, match="needs calibration samples"):
        Samples(context(made, data), 16)


def test_the_samples_come_in_their_order_and_once(kit: Callable[..., Kit]) -> None:
    made = kit()
    samples = Samples(context(made, made.data), 16)
    found = [batch["x"] for batch in samples]
    assert [len(batch) for batch in found] == [16, 16, 5]
    assert np.array_equal(np.concatenate(found), np.load(made.folder / "data.npz")["x"])
    assert samples.get_next() is None


def test_another_calibration_set_gives_other_ranges(
    kit: Callable[..., Kit], tmp_path: Path
) -> None:
    made = kit()
    before = range_of(made.run(static("minmax")))

    def larger(x: np.ndarray) -> None:
        x *= 2

    assert range_of(with_samples(made, larger).run(static("minmax"))) == pytest.approx(
        (2 * before[0], 2 * before[1]), rel=0.02
    )
