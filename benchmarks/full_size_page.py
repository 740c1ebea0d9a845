"""The record of networks of full size, held against targets, and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cells import gibibytes, one_line, signed, times
from effects import lacking, notes
from full_size_inputs import MODELS
from provenance import made_by
from records import targets_in_words, write

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = 4 << 30
LEGEND = (
    "Inputs are 224 x 224. {inputs} Ratios are before / after: bytes of the float32 ONNX input "
    "(also deflated), and of the float file of the same format, / of the deployable; CPU time of "
    "float32 ONNX Runtime, of the float network in the same runtime, and where given of eager "
    "PyTorch / of the deployable, medians of interleaved pairs (quartiles). Methods that train did "
    "so for an epoch over a few images, and their networks have learnt nothing."
)
HEADING = (
    "| model | method | run | size | deflated | same format | ONNX Runtime float32 | same runtime "
    "| eager | memory | top-1 | |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"
)

#: For each of `MODELS`.
Least = tuple[float, float, float]
Hold = Callable[[dict[str, Any]], dict[str, bool]]


@dataclass(frozen=True)
class Target:
    """The least ratios of one method; `size` and `speed` are keys of a row."""

    size: str
    least_size: Least
    speed: str = ""
    least_speed: Least = (0, 0, 0)


def held_against(
    rows: list[dict[str, Any]], targets: Mapping[str, Target], hold: Hold
) -> dict[str, bool]:
    """Return every target in words with what was found, and whether it is met."""
    found: dict[str, bool] = {}
    for row in rows:
        target = targets.get(row["recipe"]) if row["model"] in MODELS else None
        place = MODELS.index(row["model"]) if target else 0
        if target is not None:
            found |= held(row, target.size, row.get(target.size), target.least_size[place])
        if target is not None and target.speed:
            speed = (row.get(target.speed) or {}).get("median")
            found |= held(row, target.speed, speed, target.least_speed[place])
        found |= hold(row)
        peak = row.get("peak_rss_bytes")
        if peak is not None and not row.get("trained"):
            words = f"{row['model']} {row['recipe']}: under 4 GiB (found {peak / 2**30:.2f})"
            found[words] = peak < MEMORY
    return found


def held(row: dict[str, Any], key: str, value: float | None, least: float) -> dict[str, bool]:
    """Hold one figure against the least that it should be; of a least of 0 there is nothing."""
    if not least:
        return {}
    shown = "nothing" if value is None else f"{value:.2f}"
    what = key.replace("_", " ")
    words = f"{row['model']} {row['recipe']}: {what} at least {least:g} (found {shown})"
    return {words: value is not None and value >= least}


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    used = sorted({row["run"] for row in record["rows"]})
    lines = [f"# {record['title']}\n", LEGEND.format(inputs=record["inputs"]) + "\n"]
    lines += [f"Run {run}: {made_by(record['runs'][run])}\n" for run in used]
    if less := lacking({"": record}):
        lines.append(f"{less}\n")
    lines += [HEADING]
    lines += [
        _line(row, judged=record["imagenet"])
        for model in dict.fromkeys((*MODELS, *(row["model"] for row in record["rows"])))
        for row in record["rows"]
        if row["model"] == model
    ]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def _line(row: dict[str, Any], *, judged: bool) -> str:
    name = row["model"].partition(":")[2]
    head = [name, row["recipe"], str(row["run"])]
    if "size" not in row:
        return (
            f"| {' | '.join(head)} | | | | | | | | | {row['status']}: {one_line(row['reason'])} |"
        )
    sizes = [times(row.get(key)) for key in ("size", "deflated", "size_same_format")]
    speeds = [_shown(row.get(k)) for k in ("speed", "speed_same_runtime", "speed_eager")]
    memory = gibibytes(row["peak_rss_bytes"])
    said = ", ".join(notes(row))
    cells = [*head, *sizes, *speeds, memory, top1_of(row) if judged else "", said]
    return f"| {' | '.join(cells)} |"


def top1_of(row: dict[str, Any]) -> str:
    """Return top-1 with n and the difference to the float network, empty where there is none."""
    metrics = {metric["name"]: metric for metric in (row.get("quality") or {}).get("metrics", ())}
    top1 = metrics.get("top1")
    if top1 is None or top1["value"] is None:
        return ""
    return f"{top1['value']:.4f} ({signed(top1['difference'])}, n {top1['n']:,})"


def _shown(ratio: dict[str, Any] | None) -> str:
    return f"{ratio['median']:.2f}× ({ratio['q1']:.2f}–{ratio['q3']:.2f})" if ratio else ""


def save(out: Path, record: dict[str, Any], targets: Mapping[str, Target], hold: Hold) -> None:
    """Write OUT.json and OUT.md, targets made anew from the rows."""
    record = record | {"targets": held_against(record["rows"], targets, hold)}
    write(out, record, page(record))
