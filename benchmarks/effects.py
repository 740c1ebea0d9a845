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
from cells import of_speed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OF_SIZE = ("STORAGE_ONLY", "DEFLATED_ONLY")
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
        for code in _OF_SIZE:
            _set(found, code, held=code in sides)
    return [*found]


def notes(row: dict[str, Any]) -> list[str]:
    """Return all that is to be read beside a row's figures: status, codes, what its speed lacks."""
    status = [] if row["status"] == "ok" else [row["status"]]
    return [*status, *codes(row), *of_speed(row)]


def lacking(records: Mapping[str, dict[str, Any]]) -> str:
    """Say which runs may lack a code that their figures do not decide; empty: none does.

    Records come by the name that a reader knows them by; on a page of one alone that is empty.
    """
    found = []
    for name, record in records.items():
        if runs := _undecided(record):
            found.append(f"{name} ({runs})" if name else runs)
    if not found:
        return ""
    return (
        f"Notes of {_joined(found)} may lack {_joined(_OF_SIZE, 'or')}: they are those of the day, "
        "and the sizes that decide it are not in the record."
    )


def unwatched(records: Mapping[str, dict[str, Any]]) -> str:
    """Say which runs have speeds without how busy the computer was meanwhile; empty: none has.

    Rows that have it say so themselves where it was much.
    """
    found = []
    for name, record in records.items():
        timed = [row for row in record["rows"] if any(row.get(k) for k in _ONNX_RUNTIME)]
        if runs := _runs(record, {r["run"] for r in timed if r.get("others_busy") is None}):
            found.append(f"{name} ({runs})" if name else runs)
    if not found:
        return ""
    return (
        f"Speeds of {_joined(found)} were taken before records held how busy the computer was "
        "meanwhile, so other work may have moved them."
    )


def _undecided(record: dict[str, Any]) -> str:
    """Return in words which runs have rows without such a code that might have one."""
    runs = {
        row["run"]
        for row in record["rows"]
        if len(_sides(row)) > 1 and not set(codes(row)) & set(_OF_SIZE)
    }
    return _runs(record, runs)


def _runs(record: dict[str, Any], runs: set[int]) -> str:
    """Return runs in words, empty where there are none."""
    if not runs:
        return ""
    if runs == {row["run"] for row in record["rows"]}:
        return "all runs"
    return f"{'runs' if len(runs) > 1 else 'run'} {_joined(map(str, sorted(runs)))}"


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
