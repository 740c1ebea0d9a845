"""What an unquoted YAML word is: the core schema of YAML 1.2.2, section 10.3.2.

So `off` and `2026-01-01` are text, `1e-3` is a number and `010` is ten. Written out here because
ruamel.yaml's resolver keeps more of YAML 1.1 (dates, `=`, `1_000`) than the standard does.
"""

from __future__ import annotations

import math
import re

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

#: Integers beyond this lose digits as soon as some toolkit makes a float of them.
_LARGEST = 2**53
_MOST_DIGITS = 400


def resolve_scalar(word: str) -> str | int | float | bool | None:
    """Return the value of a plain (unquoted) scalar.

    Raises ValueError, in the user's words, for numbers that are not finite or too large.
    """
    if _NULL.fullmatch(word):
        return None
    if _TRUE.fullmatch(word):
        return True
    if _FALSE.fullmatch(word):
        return False
    if _NOT_FINITE.fullmatch(word):
        raise ValueError(f"{word} is no number that a recipe can use; give a finite one")
    return _number(word)


def _number(word: str) -> str | int | float:
    base = 10 if _INTEGER.fullmatch(word) else 8 if _OCTAL.fullmatch(word) else 16
    if base != 16 or _HEXADECIMAL.fullmatch(word):  # noqa: PLR2004 - sixteen is the base
        integer = int(word, base) if len(word) <= _MOST_DIGITS else _LARGEST + 1
        if abs(integer) > _LARGEST:
            raise ValueError(f"the number {_short(word)} is too large")
        return integer
    if not _FLOAT.fullmatch(word):
        return word
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"the number {_short(word)} is too large")
    return number


def _short(word: str) -> str:
    return word if len(word) <= 24 else f"{word[:20]}…"  # noqa: PLR2004 - about half a line
