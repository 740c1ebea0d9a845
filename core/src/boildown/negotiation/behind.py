"""Find what a backend refuses because of what the earlier steps of the chain are."""

from __future__ import annotations

from collections.abc import Sequence

from ..recipe.steps import Step
from .matching import refused_settings, wanted_settings
from .offers import Gap, Refusal
from .reasons import means


def gaps_behind(
    steps: Sequence[Step], index: int, refusals: Sequence[Refusal], backend: str
) -> list[Gap]:
    """Return a gap for each refusal of the step at `index` that an earlier step brings about."""
    step, earlier = steps[index], steps[:index]
    return [
        Gap(
            step=index,
            op=step.op,
            setting=refusal.setting,
            wanted=wanted_settings(step)[refusal.setting] if refusal.setting else None,
            reason=refusal.reason,
        )
        for refusal in refusals
        if _is_about(refusal, step) and any(_is_met(refusal, other, backend) for other in earlier)
    ]


def _is_about(refusal: Refusal, step: Step) -> bool:
    if refusal.op != step.op or refusal.setting is None:
        return refusal.op == step.op
    value = wanted_settings(step)[refusal.setting]
    if refusal.value is None:  # one of every value; what is unset is none
        return value is not None
    return means(refusal.value, refusal.setting, value)


def _is_met(refusal: Refusal, earlier: Step, backend: str) -> bool:
    return (
        refusal.behind is not None
        and refusal.behind.op == earlier.op
        and not refused_settings(earlier, refusal.behind)
        and not earlier.with_.get(backend, {}).keys() & set(refusal.unless)
    )
