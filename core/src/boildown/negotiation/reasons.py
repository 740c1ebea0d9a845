"""Say in one sentence why an offer does not cover a setting, an order or the data at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..recipe.steps import OPS, Op
from .matching import Entry, entry_for, is_pattern, same
from .offers import Need, Offer, Range, Refusal, Scalar

NEED_REASONS: dict[Need, str] = {
    "samples": "needs calibration samples, and no data is given",
    "labels": "needs labels to train on, and the data has no train split with labels",
    "train": "needs training data, and the data has no train split",
}


def setting_reason(offer: Offer, setting: str, value: Scalar, neutral: Scalar) -> str:
    """Say what is wanted of a setting and what the offer has instead."""
    if setting == "layers":
        return "cannot be limited to some layers"
    if setting == "train":
        return "training is not offered" if value else "is offered only with 'train'"
    entry = entry_for(offer, setting)
    if value is None and entry is not None:
        return f"{setting} must be given (offers {offered(entry)})"
    owner, colon, _ = str(value).partition(":")
    other = f"; {value} is a value of the backend {owner}" if colon and owner.isidentifier() else ""
    if setting in {"teacher", "student"}:
        other = ""
    if entry is not None:
        named = setting if setting in offer.accepts else next(iter(_twins(offer)))
        prefix = f"{named} " if named != setting else ""
        return f"{setting} {_text(value)} is not offered (offers {prefix}{offered(entry)}){other}"
    if neutral is None:
        return f"choosing {setting} is not offered{other}"
    return f"{setting} {_text(value)} is not offered (only {_text(neutral)} is){other}"


def _twins(offer: Offer) -> list[str]:
    return [name for name in ("bits", "values") if name in offer.accepts]


def offered(entry: Entry) -> str:
    """List what an entry of `accepts` contains."""
    if isinstance(entry, Range):
        low, high = entry.minimum, entry.maximum
        if low is not None and high is not None:
            return f"{low:g} to {high:g}"
        if low is None and high is None:
            return "any number"
        return f"at least {low:g}" if low is not None else f"at most {high:g}"
    return ", ".join(_text(value) for value in entry if value is not None) or "nothing"


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def order_reason(late: Iterable[Op], after: Sequence[Op]) -> str:
    """Say which earlier steps are in the way, and which may be there."""
    allowed = [op for op in OPS if op in after]
    hint = f"may stand after {', '.join(allowed)}" if allowed else "must be the first step"
    return f"cannot stand after {', '.join(late)} ({hint})"


def refusal_for(
    refusals: Sequence[Refusal], op: Op, setting: str | None, value: Scalar
) -> str | None:
    """Return the plugin's own sentence, the one for this very value before one for any value."""
    about = [r for r in refusals if r.op == op and r.setting == setting and r.behind is None]
    exact = [r for r in about if r.value is not None and means(r.value, setting, value)]
    general = [r for r in about if r.value is None]
    return next((refusal.reason for refusal in [*exact, *general]), None)


def means(named: Scalar, setting: str | None, value: Scalar) -> bool:
    """Tell whether a refusal that names one value is about another, as `n:m` is about `2:4`."""
    return same(named, value) or (setting == "structure" and named == "n:m" and is_pattern(value))
