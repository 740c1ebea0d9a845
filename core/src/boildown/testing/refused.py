"""Turn what a backend does not offer into cases, and ask the negotiation about steps."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from ..negotiation.gaps import gaps
from ..negotiation.matching import refused_settings
from ..recipe.recipe import Recipe
from ..recipe.steps import OPS, STEP_MODELS, Step
from .matrix import COMPANIONS, first_cases, label_of, made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..negotiation.offers import Gap, Need
    from ..plugins.values import BackendInfo

_EVERYTHING: frozenset[Need] = frozenset({"samples", "labels", "train"})


def gaps_of(steps: Sequence[Step], info: BackendInfo) -> list[Gap]:
    """Return the gaps between steps and a backend whose data has everything."""
    return gaps(
        Recipe(name="case", steps=tuple(steps)),
        info.offers,
        refusals=info.refusals,
        platforms=info.platforms,
        backend="backend",
        available=_EVERYTHING,
        platform=sys.platform,
    )


def refused_cases(info: BackendInfo) -> dict[str, tuple[Step, ...]]:
    """Return, by label, steps of the common vocabulary and chains that no offer covers."""
    found: dict[str, tuple[Step, ...]] = {}
    for op in OPS:
        offers = [offer for offer in info.offers if offer.op == op]
        for settings in _vocabulary(op):
            for extra in COMPANIONS[op]:
                step = made(op, settings | extra)
                if step is not None and all(refused_settings(step, o) for o in offers):
                    found[label_of((step,))] = (step,)
                if step is not None:
                    break
    firsts = first_cases(info)
    for last in firsts:
        same = [offer for offer in info.offers if offer.op == last.offer.op]
        for before in firsts:
            if not any(before.offer.op in offer.after for offer in same):
                found[f"{before.label}+{last.label}"] = (*before.steps, *last.steps)
    return found


def _vocabulary(op: str) -> Iterator[dict[str, Any]]:
    """Yield each word that a setting of this operation knows, alone."""
    yield {}
    for name, field in STEP_MODELS[op].model_fields.items():  # type: ignore[index]  # as above
        if name == "op":
            continue
        for word in _words(field.annotation):
            companion = {"threshold": 0.1} if word == "threshold" else {}
            yield {name: word} | companion
    yield {"train": True}


def _words(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
    elif get_origin(annotation) in {Union, types.UnionType}:
        for part in get_args(annotation):
            yield from _words(part)
