"""Find everything that a recipe wants and a backend does not offer, before any toolkit loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..recipe.recipe import Recipe
from ..recipe.steps import Op, Step
from .behind import gaps_behind
from .matching import (
    matched_settings,
    neutral_settings,
    refused_settings,
    same,
    wanted_settings,
)
from .offers import Gap, Need, Offer, Refusal, Scalar
from .reasons import NEED_REASONS, order_reason, refusal_for, setting_reason


def gaps(
    recipe: Recipe,
    offers: Sequence[Offer],
    *,
    refusals: Sequence[Refusal] = (),
    platforms: Sequence[str],
    backend: str,
    available: frozenset[Need],
    platform: str,
    form: str = "",
) -> list[Gap]:
    """Return all gaps between a recipe and a backend; empty: it can carry out every step.

    Each step is compared with the nearest offer of its operation: the one with the fewest gaps,
    of those the one that matches most settings. A refusal because of an earlier step is a gap
    whatever the offers say. A step that trains needs training data, whether its offer says so or
    not. `available` is what the data has, `platform` is `sys.platform`; a backend that does not
    run there has one gap more, on the first step. `form` is the format of the file that ships.
    """
    found: list[Gap] = []
    if obstacle := platform_obstacle(platforms, backend=backend, platform=platform):
        found.append(Gap(step=0, op=recipe.steps[0].op, reason=obstacle))
    for index, step in enumerate(recipe.steps):
        candidates = [offer for offer in offers if offer.op == step.op]
        if not candidates:
            reason = refusal_for(refusals, step.op, None, None) or _not_offered(step.op, offers)
            found.append(Gap(step=index, op=step.op, reason=f"{backend}: {reason}"))
            continue
        earlier = tuple(before.op for before in recipe.steps[:index])
        lists = [
            _gaps_to(
                o, index, step, earlier=earlier, available=available, refusals=refusals, form=form
            )
            for o in candidates
        ]
        matches = [len(matched_settings(step, offer)) for offer in candidates]
        found += min(zip(lists, matches, strict=True), key=lambda near: (len(near[0]), -near[1]))[0]
        found += gaps_behind(recipe.steps, index, refusals, backend)
    return found


def platform_obstacle(platforms: Sequence[str], *, backend: str, platform: str) -> str | None:
    """Say why a backend cannot compress on this platform, or None where it can."""
    if platform in platforms:
        return None
    return f"{backend} compresses on {', '.join(platforms) or 'no platform'} only, not {platform}"


def best_offer(step: Step, offers: Sequence[Offer]) -> Offer | None:
    """Return the offer that carries out a step, or None where none accepts all its settings.

    Of several it is the one with the fewest approximations of this step, then the fewest needs,
    then the first.
    """
    fitting = [
        offer for offer in offers if offer.op == step.op and not refused_settings(step, offer)
    ]
    return min(
        fitting,
        key=lambda offer: (len(_approximated(step, offer)), len(offer.needs)),
        default=None,
    )


def approximations(
    step: Step, offers: Sequence[Offer], said: Mapping[str, Scalar] = MappingProxyType({})
) -> tuple[str, ...]:
    """Say in which ways the best offer carries out a step only nearly; empty: exactly, or none.

    `said` is what the recipe says `with` the backend, in this step or of the file that ships.
    """
    offer = best_offer(step, offers)
    return () if offer is None else _approximated(step, offer, said)


def _approximated(
    step: Step, offer: Offer, said: Mapping[str, Scalar] = MappingProxyType({})
) -> tuple[str, ...]:
    wanted = wanted_settings(step)
    return tuple(
        nearly.how
        for nearly in offer.approximations
        if _concerns(nearly.value, wanted[nearly.setting])
        and not any(
            same(said[name], value)
            for name, values in nearly.unless.items()
            for value in values
            if name in said
        )
    )


def _concerns(named: Scalar, value: Scalar) -> bool:
    """An approximation of the value None is one of every value; what is unset needs none."""
    return value is not None and (named is None or same(named, value))


def _not_offered(op: Op, offers: Sequence[Offer]) -> str:
    others = ", ".join(dict.fromkeys(offer.op for offer in offers))
    return f"{op} is not offered (offers {others or 'nothing'})"


def _gaps_to(
    offer: Offer,
    index: int,
    step: Step,
    *,
    earlier: Sequence[Op],
    available: frozenset[Need],
    refusals: Sequence[Refusal],
    form: str,
) -> list[Gap]:
    wanted, neutral = wanted_settings(step), neutral_settings(step)
    found = [
        Gap(
            step=index,
            op=step.op,
            setting=name,
            wanted=wanted[name],
            reason=refusal_for(refusals, step.op, name, wanted[name])
            or setting_reason(offer, name, wanted[name], neutral[name]),
        )
        for name in refused_settings(step, offer)
    ]
    if late := [op for op in dict.fromkeys(earlier) if op not in offer.after]:
        found.append(Gap(step=index, op=step.op, reason=order_reason(late, offer.after)))
    if form in offer.unfit_formats:
        reason = f"format {form!r}: {offer.unfit_formats[form]}"
        found.append(Gap(step=index, op=step.op, reason=reason))
    needs = dict.fromkeys(offer.needs)
    if step.train is not None and "train" not in {gap.setting for gap in found}:
        needs["train"] = None  # whatever an offer says, nothing trains without data
    return found + [
        Gap(step=index, op=step.op, reason=NEED_REASONS[need])
        for need in needs
        if need not in available
    ]
