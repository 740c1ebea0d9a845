"""How much each part of a network suffers when it alone is compressed, the worst first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files import write_atomically
from ..recipe.leaving_out import leaving_out
from . import numbers
from .markdown_parts import table
from .metric import metric_heading, primary
from .text import code, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..comparison.schema import Metric, ModelRecord, Row
    from ..model.layers import Layer
    from ..recipe.recipe import Recipe

NAME = "sensitivity.md"


@dataclass(frozen=True)
class Part:
    """One block of layers and the row of the network in which it alone was compressed."""

    block: str
    layers: tuple[str, ...]
    #: Share of the network's weights.
    share: float
    row: Row
    model: ModelRecord | None

    @property
    def metric(self) -> Metric | None:
        """The metric that the float input shows, the same for all parts, with its difference."""
        return primary(self.row.quality, self.model)

    @property
    def sqnr_db(self) -> float | None:
        """Noise of the outputs: the finest measure, and there without labels."""
        return self.row.quality.sqnr_db if self.row.quality else None

    @property
    def harms(self) -> bool:
        """Whether the loss of quality is beyond chance (95 % interval of the paired difference)."""
        metric = self.metric
        if metric is None or metric.difference_interval is None:
            return False
        low, high = metric.difference_interval
        return high < 0 if metric.higher_is_better else low > 0

    @property
    def damage_db(self) -> float | None:
        """The SQNR by which parts are ranked, lowest first; None: it is not known.

        Infinite where outputs are identical, and minus that where they are no numbers any more.
        """
        quality = self.row.quality
        if quality is None or quality.identical is None:
            return None
        if quality.sqnr_db is not None:
            return quality.sqnr_db
        if quality.identical:
            return math.inf
        return -math.inf if quality.non_finite else None


class Sensitivity:
    """Parts ranked by damage: least SQNR first, then those that were not judged."""

    def __init__(
        self,
        rows: Mapping[str, Row],
        found: Mapping[str, Sequence[Layer]],
        folder: Path,
        *,
        recipe: Recipe,
        model: ModelRecord | None,
    ) -> None:
        """Rank the rows of the blocks `found`, each of `recipe` carried out on one block alone."""
        total = sum(layer.size for layers in found.values() for layer in layers)
        parts = [
            Part(
                block=block,
                layers=tuple(layer.name for layer in found[block]),
                share=sum(layer.size for layer in found[block]) / total,
                row=row,
                model=model,
            )
            for block, row in rows.items()
        ]
        self.parts = tuple(sorted(parts, key=_damage))
        self._recipe = recipe
        self._layers = [layer for layers in found.values() for layer in layers]
        #: Where the comparison of all parts is stored.
        self.folder = folder

    @property
    def judged(self) -> bool:
        """Whether any part has outputs to compare."""
        return any(part.damage_db is not None for part in self.parts)

    @property
    def testable(self) -> bool:
        """Whether a loss can be told from chance at all: that takes labels."""
        metrics = (part.metric for part in self.parts)
        return any(metric is not None and metric.difference_interval for metric in metrics)

    def exclude(self, worst: int | None = None) -> tuple[str, ...]:
        """Return names of layers for `layers: {exclude: …}`: of the `worst` parts, or all harmful.

        Parts that were not judged are never among them.
        """
        ranked = [part for part in self.parts if part.damage_db is not None]
        chosen = ranked[:worst] if worst is not None else [p for p in ranked if p.harms]
        return tuple(name for part in chosen for name in part.layers)

    def as_setting(self, worst: int | None = None) -> str:
        """Return the same as a line for the recipe, which keeps what it selects already."""
        return leaving_out(self._recipe, self._layers, self.exclude(worst))


def cells(part: Part) -> tuple[str, ...]:
    """Return what tables show of a part."""
    metric, quality = part.metric, part.row.quality
    loss = (
        numbers.difference(metric.difference, metric.difference_interval, like=metric.value)
        if metric
        else ""
    )
    agreement = numbers.score(quality.agreement) if quality else ""
    noise = "" if part.sqnr_db is None else f"{part.sqnr_db:.1f}"
    status = part.row.status if part.row.status == "ok" else f"{part.row.status}: {part.row.reason}"
    return (part.block, f"{part.share:.1%}", noise, loss, agreement, status)


def headings(found: Sensitivity) -> tuple[str, ...]:
    """Return the headings of the same tables."""
    names = [part.metric.name for part in found.parts if part.metric]
    metric = metric_heading(names[0]) if names else "metric"
    return ("layers", "weights", "SQNR dB", f"{metric} difference", "agreement", "status")


def write_sensitivity(found: Sensitivity, recipe: str, model: str, backend: str) -> Path:
    """Write `sensitivity.md` beside the comparison."""
    rows = [[code(first), *map(markdown, rest)] for first, *rest in map(cells, found.parts)]
    text = (
        f"# Sensitivity of {code(model)} to {code(recipe)} on {code(backend)}\n\n"
        "Each line is the network in which these layers alone were compressed, against the float "
        "network on the same samples; the worst first, by SQNR of the outputs. Differences have "
        "their 95 % interval.\n\n"
        f"{table([*headings(found)], rows, {0, 5})}\n\n"
        f"{_conclusion(found)}\n"
    )
    return write_atomically(found.folder / NAME, text)


#: Said where no metric has an interval.
UNTESTED = (
    "No loss can be told from chance: no metric was measured, which takes labels. "
    "Name how many to exclude (--worst)."
)


#: Said where no part has outputs.
UNJUDGED = "Nothing was judged: there are no test data, or no part of the network ran."


def untold(found: Sensitivity) -> str:
    """Say why no loss can be told from chance; empty where it can."""
    if not found.judged:
        return UNJUDGED
    return "" if found.testable else UNTESTED


def _conclusion(found: Sensitivity) -> str:
    if missing := untold(found):
        return missing
    return f"Layers whose loss is beyond chance:\n\n```yaml\n{found.as_setting()}\n```"


def _damage(part: Part) -> tuple[bool, float]:
    found = part.damage_db
    return found is None, 0.0 if found is None else found
