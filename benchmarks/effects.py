"""What a recorded row gains and what it does not, by the core's rules of today.

A record keeps the warnings of the day it was made. SLOWER, STORAGE_ONLY and DEFLATED_ONLY follow
from figures, so they are found anew where those are recorded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from boildown.comparison.schema import Ratio
from boildown.measuring.effects import side
from boildown.measuring.speedup import is_slower

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Commits of runs before there was STORAGE_ONLY or DEFLATED_ONLY; there will be no more of them.
_OLDER = frozenset(
    {
        *("4792eddb0a1c", "eb1cc511329a", "882af3dc5de3", "49d73884415b", "e5d583eaaf4b"),
        *("f0ef004f0c2f", "b77f4b71eaaa", "3ac69bc984e7", "11d1fc68e396", "e0c63d3b3dcd"),
        *("129676eaed0f", "e5c51b58370c"),
    }
)
_SAME_RUNTIME = ("speedup_same_runtime", "speed_same_runtime")
_ONNX_RUNTIME = ("speedup_onnxruntime_float32", "speed")
_STORED = ("size_ratio_to_twin", "size_same_format")
_DEFLATED = ("deflated_ratio_to_twin", "deflated_same_format")


def codes(row: dict[str, Any]) -> list[str]:
    """Return the codes of a row's warnings, each once: those of figures anew, others as stored.

    A code that the recorded figures do not decide stands as it was stored.
    """
    found = dict.fromkeys(text.partition(":")[0] for text in row["warnings"])
    ratios = [_ratio(row, _SAME_RUNTIME), _ratio(row, _ONNX_RUNTIME)]
    _set(found, "SLOWER", held=any(ratio is not None and is_slower(ratio) for ratio in ratios))
    sides = _sides(row)
    if len(sides) == 1:
        for code in ("STORAGE_ONLY", "DEFLATED_ONLY"):
            _set(found, code, held=code in sides)
    return [*found]


def lacking(records: Mapping[str, dict[str, Any]]) -> str:
    """Say which runs are older than a code that their figures do not decide; empty: none is.

    Records come by the name that a reader knows them by; on a page of one alone that is empty.
    """
    found: dict[str, list[str]] = {}
    for name, record in records.items():
        runs, named = _older(record)
        if runs:
            found.setdefault(named, []).append(f"{name} ({runs})" if name else runs)
    return " ".join(
        f"Notes of {_joined(runs)} lack {named}: that came later, and the sizes that tell are not "
        "in the record."
        for named, runs in found.items()
    )


def _older(record: dict[str, Any]) -> tuple[str, str]:
    """Return in words which runs lack which codes; both are empty where none does."""
    runs, named = set(), set()
    for row in record["rows"]:
        sides = _sides(row)
        if len(sides) > 1 and record["runs"][row["run"]]["commit"].partition(" ")[0] in _OLDER:
            runs.add(row["run"])
            named |= sides - {None}
    if not runs:
        return "", ""
    every = {row["run"] for row in record["rows"]}
    some = "runs" if len(runs) > 1 else "run"
    which = "all runs" if runs == every else f"{some} {_joined(map(str, sorted(runs)))}"
    return which, _joined(sorted(map(str, named)), "or")


def _set(found: dict[str, None], code: str, *, held: bool) -> None:
    if held:
        found.setdefault(code)
    else:
        found.pop(code, None)


def _sides(row: dict[str, Any]) -> set[str | None]:
    """Return what `side` may say of a row, whatever the figures are that it does not have."""
    ratio = _ratio(row, _SAME_RUNTIME)
    return {
        side(ratio, stored, deflated)
        for stored in _possible(row, _STORED)
        for deflated in _possible(row, _DEFLATED)
    }


def _possible(row: dict[str, Any], keys: tuple[str, ...]) -> tuple[float, ...]:
    known = _first(row, keys)
    return (0.0, math.inf) if known is None else (known,)


def _ratio(row: dict[str, Any], keys: tuple[str, ...]) -> Ratio | None:
    known = _first(row, keys)
    return None if known is None else Ratio.model_validate(known)


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> Any:  # noqa: ANN401 - as JSON has it
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _joined(words: Iterable[str], last: str = "and") -> str:
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end
