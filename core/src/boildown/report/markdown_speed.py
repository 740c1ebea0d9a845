"""Speed, memory and energy of every measured row in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import numbers
from .markdown_parts import shown, table
from .numbers import MISSING
from .text import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..comparison.schema import Row, Speed, Timing
    from .view import View


def speed(every: Iterable[View]) -> str:
    """Return every time and every need of a measured row."""
    headings = [
        "#", "runtime", "on the target device", "batch", "threads", "p50 ms", "p90 ms", "load ms",
        "first ms", "CPU s", "wall vs own float", "wall vs ORT float", "ONNX form p50 ms",
        "peak RSS MB", "RSS MB of the model", "J per inference",
    ]  # fmt: skip
    rows = [
        [str(view.number), *_timings(view.row.speed), *_means(view.row)]
        for view in every
        if view.row.deployable is not None
    ]
    return table(headings, rows, left=(1, 2))


def _timings(speed: Speed | None) -> list[str]:
    if speed is None:
        return [MISSING] * 12
    latency = speed.latency_ms
    figures = (
        latency.p50 if latency else None,
        latency.p90 if latency else None,
        speed.load_ms,
        speed.first_ms,
        speed.cpu_seconds,
    )
    setup = (speed.device_verified, speed.batch, speed.threads)
    return [
        markdown(speed.runtime),
        *map(shown, setup),
        *map(shown, figures),
        *_wall(speed.wall),
        shown(speed.onnx.latency_ms.p50 if speed.onnx else None),
    ]


def _wall(wall: Timing | None) -> list[str]:
    if wall is None:
        return [MISSING, MISSING]
    ratios = (wall.versus_same_runtime_float, wall.versus_onnxruntime_float)
    return [numbers.ratio(ratio) or MISSING for ratio in ratios]


def _means(row: Row) -> list[str]:
    memory = row.memory
    return [
        numbers.megabytes(memory.peak_rss_bytes if memory else None) or MISSING,
        numbers.megabytes(memory.model_rss_bytes if memory else None) or MISSING,
        shown(row.energy.joules if row.energy else None),
    ]
