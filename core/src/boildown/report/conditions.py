"""Conditions such as `top1_difference < -0.01`, read without running any code."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UsageError
from ..nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .changes import Change
    from .records import Value

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_EQUALITY = ("==", "!=")
_FORM = re.compile(
    r"\s*(?:(?P<view>change|ratio)\.)?(?P<field>[A-Za-z0-9_]+)\s*"
    r"(?P<sign><=|>=|==|!=|<|>)\s*(?P<bound>\S+)\s*"
)
_EXAMPLES = (
    "top1_difference < -0.01, change.top1 < -0.005, ratio.deflated_bytes > 1.05, status != ok"
)


class Condition(NamedTuple):
    """A field of a row of the second run, or what became of it, against a bound."""

    text: str
    #: Empty: the value in the second run. `change`: second - first. `ratio`: second / first.
    view: str
    field: str
    sign: str
    bound: float | str

    def value(self, change: Change) -> Value:
        """Return what is held against the bound, None where there is no such figure."""
        new = change.new.get(self.field)
        if not self.view or new is None:
            return new
        old = change.old.get(self.field)
        if isinstance(new, str) or isinstance(old, str) or old is None:
            return None
        if self.view == "change":
            return new - old
        return new / old if old else None

    def holds(self, value: Value) -> bool:
        """Tell whether the condition is true of a value that is there.

        Raises:
            UsageError: it asks which is greater, a text or a number.
        """
        if isinstance(value, str) != isinstance(self.bound, str) and self.sign not in _EQUALITY:
            raise UsageError(f"{self.text!r}: {self.field} is text here ({value!r}), no number")
        return _OPERATORS[self.sign](value, self.bound)


def condition(text: str, fields: Collection[str]) -> Condition:
    """Read a condition on one of `fields`.

    Raises:
        UsageError: it is no condition, or names a field that no row has; the nearest is given.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no condition; write for example {_EXAMPLES}")
    view, field, sign, bound = match.group("view", "field", "sign", "bound")
    if field not in fields:
        raise UsageError(
            f"{text!r}: no row has a field {field!r}{did_you_mean(field, fields)} (known: "
            f"{', '.join(fields)})"
        )
    return Condition(text.strip(), view or "", field, sign, _bound(text, sign, bound))


def _bound(text: str, sign: str, bound: str) -> float | str:
    try:
        return float(bound)
    except ValueError:
        if sign in _EQUALITY:
            return bound
        raise UsageError(f"{text!r}: {bound!r} is no number, which {sign!r} needs") from None
