"""Compare the settings of a step with what an offer accepts, one setting at a time."""

from __future__ import annotations

from collections.abc import Sequence

from ..recipe.steps import Layers, Step, Train
from .offers import Offer, Range, Scalar

_NOT_NEGOTIATED = {"op", "with_"}
#: Settings that hold a free URI, which no offer can list.
_FREE = {"teacher", "student"}
#: Settings of which a step gives exactly one: leaving one out only says that another is given.
_ALTERNATIVES = {"bits", "values", "sparsity", "threshold", "student", "width"}

Entry = tuple[Scalar, ...] | Range


def wanted_settings(step: Step) -> dict[str, Scalar]:
    """Return every setting of a step as one plain value.

    `train` is True where the step trains, however it does, and `layers` True where it is limited
    to some layers; else they are None.
    """
    return {name: _plain(getattr(step, name)) for name in _names(step)}


def neutral_settings(step: Step) -> dict[str, Scalar]:
    """Return the defaults of this kind of step, as `wanted_settings` would."""
    fields = type(step).model_fields
    return {name: _plain(fields[name].default) for name in _names(step)}


def _names(step: Step) -> list[str]:
    return [name for name in type(step).model_fields if name not in _NOT_NEGOTIATED]


def _plain(value: Scalar | Train | Layers) -> Scalar:
    if isinstance(value, Train):
        return True
    if isinstance(value, Layers):
        return None if value == Layers() else True
    return value


def refused_settings(step: Step, offer: Offer) -> list[str]:
    """Return the names of the settings of a step that an offer does not accept."""
    wanted, neutral = wanted_settings(step), neutral_settings(step)
    return [name for name in wanted if not _accepts(offer, name, wanted[name], neutral[name])]


def matched_settings(step: Step, offer: Offer) -> list[str]:
    """Return the names of the settings that a step gives and an offer accepts by name."""
    refused = set(refused_settings(step, offer))
    return [
        name
        for name, value in wanted_settings(step).items()
        if value is not None and name not in refused and entry_for(offer, name) is not None
    ]


def entry_for(offer: Offer, setting: str) -> Entry | None:
    """Return what an offer accepts for a setting, for `bits` also what it does for `values`."""
    return offer.accepts.get(setting, offer.accepts.get(_TWIN.get(setting, setting)))


_TWIN = {"bits": "values", "values": "bits"}


def _accepts(offer: Offer, setting: str, value: Scalar, neutral: Scalar) -> bool:
    entry = offer.accepts.get(setting)
    if setting == "layers":
        return value is None or entry != ()
    if value is None and (setting in _ALTERNATIVES or isinstance(entry, Range)):
        return True
    if entry is not None:
        return holds(entry, setting, value)
    twin = _TWIN.get(setting, setting)
    if twin in offer.accepts and isinstance(value, int):
        converted = _converted(setting, value)
        return converted is not None and holds(offer.accepts[twin], twin, converted)
    return same(value, neutral)


def _converted(setting: str, number: int) -> int | None:
    """Turn bits into a number of values or back; None where no whole number of bits fits."""
    if setting == "bits":
        return 1 << number
    return number.bit_length() - 1 if number.bit_count() == 1 else None


def holds(entry: Entry, setting: str, value: Scalar) -> bool:
    """Tell whether an entry of `accepts` contains a value."""
    if isinstance(entry, Range):
        return _within(entry, value)
    return any(same(value, accepted) for accepted in entry) or _stands_for(entry, setting, value)


def _within(entry: Range, value: Scalar) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    above = entry.minimum is None or value >= entry.minimum
    return above and (entry.maximum is None or value <= entry.maximum)


def _stands_for(entry: Sequence[Scalar], setting: str, value: Scalar) -> bool:
    if setting == "structure":
        return "n:m" in entry and is_pattern(value)
    return setting in _FREE and "uri" in entry and value is not None


def is_pattern(value: Scalar) -> bool:
    """Tell whether a value is an n:m structure such as `2:4`."""
    n, _, m = str(value).partition(":")
    return n.isdigit() and m.isdigit()


def same(value: Scalar, other: Scalar) -> bool:
    """Compare two values; unlike Python's, true is not 1."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)
