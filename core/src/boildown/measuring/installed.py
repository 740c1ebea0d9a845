"""Metrics of the core and of plugins; a plugin that is broken is named, and harms nobody."""

from __future__ import annotations

import importlib.metadata
import re
from typing import TYPE_CHECKING, NamedTuple

from ..comparison.columns import FIXED, metric_columns
from ..errors import PluginError
from ..plugins.registry import load
from .metrics import METRICS, Scoring

if TYPE_CHECKING:
    from collections.abc import Iterable

ENTRY_POINTS = "boildown.metrics"
#: What conditions of `boildown diff` can name.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Installed(NamedTuple):
    """What there is to judge by, and why some of what is installed cannot be used."""

    metrics: tuple[Scoring, ...]
    broken: tuple[str, ...]


def installed_metrics() -> Installed:
    """Return the core's metrics, then those behind entry points, by name."""
    found, broken = {_key(metric): metric for metric in METRICS}, []
    entries = importlib.metadata.entry_points(group=ENTRY_POINTS)
    for entry in sorted(entries, key=lambda entry: (entry.name, entry.value)):
        try:
            metric = load(entry)
        except PluginError as error:
            broken.append(str(error))
            continue
        if not isinstance(metric, Scoring):
            broken.append(f"metric {entry.name} ({entry.value}) is no boildown.Scoring")
        elif why := _unfit(metric.name, found.values()):
            broken.append(f"metric {entry.name} ({entry.value}) is left out: {why}")
        elif _key(metric) in found:
            broken.append(
                f"metric {entry.name} ({entry.value}) is left out: {metric.task} has a metric "
                f"{metric.name!r} already"
            )
        else:
            found[_key(metric)] = metric
    return Installed(tuple(found.values()), tuple(broken))


def _unfit(name: str, found: Iterable[Scoring]) -> str:
    """Return why results cannot have a metric of this name, empty where they can."""
    if not _NAME.fullmatch(str(name)):
        return f"its name {name!r} is not made of letters, digits and _, a letter first"
    taken = dict.fromkeys(FIXED, "")
    taken |= {column: other.name for other in found for column in metric_columns(other.name)}
    for column in metric_columns(name):
        if taken.get(column, name) != name:
            of = f"the metric {taken[column]!r}" if taken[column] else "every row"
            return f"its name {name!r} gives results a column {column!r}, which {of} has already"
    return ""


def _key(metric: Scoring) -> tuple[str, str]:
    return metric.task, metric.name
