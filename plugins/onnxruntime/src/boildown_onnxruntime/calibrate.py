"""Find the range of every activation by running the float model on the calibration samples.

Memory stays bounded by the activations of one batch, whatever the number of samples: least and
greatest values are reduced inside the graph, and histograms are added up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import OnnxRuntime, calibration_batches
from onnxruntime.quantization.calibrate import CalibrationDataReader, MinMaxCalibrater

from .observe import HALF, OBSERVERS, Interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boildown import Context
    from onnx import ModelProto

_BATCH = 16


def activation_ranges(model: ModelProto, observer: str, context: Context) -> dict[str, Interval]:
    """Return the least and greatest value of every float activation of a model.

    `observer` is minmax, entropy, percentile or mse; all but the first clip rare values. The
    types of the activations must be inferred. Raises DataError where there are no samples.
    """
    extremes = _extremes(model, Samples(context, _BATCH), context)
    if observer == "minmax":
        return extremes
    choose = OBSERVERS[observer]
    # One sample at a time: here whole activations leave the graph.
    histograms = _histograms(model, extremes, Samples(context, 1), context)
    return {
        name: choose(counts, *extremes[name]) if counts.any() else extremes[name]
        for name, counts in histograms.items()
    }


# The base class is untyped.
class Samples(CalibrationDataReader):  # type: ignore[misc]
    """The calibration split, batch by batch, read when asked for."""

    def __init__(self, context: Context, size: int) -> None:
        """Open the calibration split of the context's data; DataError where there is none."""
        self._read = calibration_batches(context, size)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return inputs by name, None behind the last batch."""
        return next(self._read, None)

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield the rest."""
        return self._read


def _extremes(model: ModelProto, samples: Samples, context: Context) -> dict[str, Interval]:
    plain, reduced = (context.workdir / f"{name}.onnx" for name in ("calibrated", "reduced"))
    onnx.save(model, plain)
    # CalibMaxIntermediateOutputs, which should bound its memory, loses ranges in 1.32; it is not
    # needed, since two numbers a tensor and batch are all that comes out of the graph.
    calibrater = MinMaxCalibrater(plain, augmented_model_path=str(reduced))
    calibrater.augment_graph()
    calibrater.infer_session = OnnxRuntime(reduced, context.threads).session
    calibrater.collect_data(samples)
    found = calibrater.compute_data().items()
    plain.unlink()
    reduced.unlink()
    return {name: (data.lowest.item(), data.highest.item()) for name, data in found}


def _histograms(
    model: ModelProto, extremes: dict[str, Interval], samples: Samples, context: Context
) -> dict[str, np.ndarray]:
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    infos = {item.name: item for item in (*model.graph.value_info, *model.graph.input)}
    outputs = {item.name for item in model.graph.output}
    watched.graph.output.extend(infos[name] for name in extremes if name not in outputs)
    path = context.workdir / "watched.onnx"
    onnx.save(watched, path)
    runtime = OnnxRuntime(path, context.threads).session
    counts = {name: np.zeros(2 * HALF, np.int64) for name in extremes}
    for inputs in samples:
        for name, values in zip(counts, runtime.run(list(counts), inputs), strict=True):
            counts[name] += _histogram(values, max(-extremes[name][0], extremes[name][1]))
    path.unlink()
    return counts


def _histogram(values: np.ndarray, reach: float) -> np.ndarray:
    """Count the values in equal bins over [-reach, reach]."""
    if reach <= 0:
        return np.zeros(2 * HALF, np.int64)
    place = (values.ravel() * (HALF / reach) + HALF).astype(np.int64)
    return np.bincount(np.clip(place, 0, 2 * HALF - 1), minlength=2 * HALF)
