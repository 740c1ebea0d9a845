"""Metrics of the core and of plugins; a plugin that is broken is named, and harms nobody."""

from __future__ import annotations

import importlib.metadata
from typing import NamedTuple

from ..errors import PluginError
from ..plugins.registry import load
from .metrics import METRICS, Scoring

ENTRY_POINTS = "boildown.metrics"


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
        elif _key(metric) in found:
            broken.append(
                f"metric {entry.name} ({entry.value}) is left out: {metric.task} has a metric "
                f"{metric.name!r} already"
            )
        else:
            found[_key(metric)] = metric
    return Installed(tuple(found.values()), tuple(broken))


def _key(metric: Scoring) -> tuple[str, str]:
    return metric.task, metric.name
