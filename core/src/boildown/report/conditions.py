"""Conditions such as `top1_difference < -0.01`, read without running any code."""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from ..errors import UsageError
from ..nearest import did_you_mean
from ..plugins.values import WarningCode
from ..recipe.recipe import LIMITS, Status
from .records import is_of_machine
from .standing import Rank

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
#: What a field can hold, where that is a few words; a bound of any other would never hold.
_WORDS = {
    "status": get_args(Status),
    "pareto": get_args(Rank),
    "warnings": get_args(WarningCode),
    "limits_missed": tuple(LIMITS),
}
#: Fields that hold several words: `==` asks whether one of them is there, `!=` whether it is not.
#: They may also hold none, which is the bound ''.
_LISTS = ("warnings", "limits_missed")
_QUOTES = "'\""
_TRUTHS = {"true": True, "false": False}
_FORM = re.compile(
    r"\s*(?:(?P<view>change|ratio)\.)?(?P<field>[A-Za-z0-9_]+)\s*"
    r"(?P<sign><=|>=|==|!=|<|>)\s*(?P<bound>\S+)\s*"
)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
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
    #: As it was written: what a field holds says how it is meant.
    bound: str

    def value(self, change: Change) -> Value:
        """Return what is held against the bound, None where there is no such figure."""
        new = change.new.get(self.field)
        if not self.view or new is None:
            return new
        if self._of_two_machines(change):
            return None
        old = change.old.get(self.field)
        if isinstance(new, str) or isinstance(old, str) or old is None:
            return None
        if self.view == "change":
            return new - old
        return new / old if old else None

    def unknown(self, change: Change) -> str:
        """Say why there is nothing to hold against the bound."""
        if self._of_two_machines(change):
            return f"the runs were not measured alike ({change.machines_apart})"
        for run, record in (("second", change.new), ("first", change.old)):
            if record.get(self.field) is None:
                said = f": {record['reason']}" if record.get("reason") else ""
                return f"the {run} run has no figure for it{said}"
        return f"there is no {self.view} of {self.field}"

    def _of_two_machines(self, change: Change) -> bool:
        return bool(self.view) and is_of_machine(self.field) and bool(change.machines_apart)

    def holds(self, value: Value) -> bool:
        """Tell whether the condition is true of a value that is there.

        Raises:
            UsageError: it asks which is greater, a text or a number, or the bound cannot be one of
                the values that the field has.
        """
        if self.field in _LISTS and isinstance(value, str):
            return (self.bound in value.split(", ")) == (self.sign == "==")
        found: Any = self._bound_like(value)
        ordered = not isinstance(value, str | bool)
        if found is None or (self.sign not in _EQUALITY and not ordered):
            kind = "a number" if ordered else "true or false" if isinstance(value, bool) else "text"
            what = self.bound if found is None else self.sign
            found_here = f"{self.field} is {kind} here ({value!r})"
            raise UsageError(f"{self.text!r}: {found_here}, and {what!r} is for others")
        return _OPERATORS[self.sign](value, found)

    def _bound_like(self, value: Value) -> Value:
        """Return the bound as what the field holds, None where it is none."""
        if isinstance(value, bool):
            return _TRUTHS.get(self.bound.lower())
        if isinstance(value, str):
            return self.bound
        return _number(self.bound)


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
    if len(bound) > 1 and bound[0] in _QUOTES and bound[-1] == bound[0]:
        bound = bound[1:-1]
    if sign not in _EQUALITY and _number(bound) is None:
        raise UsageError(f"{text!r}: {bound!r} is no number, which {sign!r} needs")
    words = _WORDS.get(field, ())
    none = field in _LISTS and not bound
    if sign in _EQUALITY and words and bound not in words and not none:
        raise UsageError(
            f"{text!r}: {field} is never {bound!r}{did_you_mean(bound, words)} (it can be "
            f"{', '.join(words)})"
        )
    return Condition(text.strip(), view or "", field, sign, bound)


def _number(text: str) -> float | None:
    """Return a finite number; a bound of nan or inf would hold never or always, unnoticed."""
    found = float(text) if _DECIMAL.fullmatch(text) else math.inf
    return found if math.isfinite(found) else None
