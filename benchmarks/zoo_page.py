"""The record of a grid on the zoo: seeds taken together, held against targets, and its page."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bits_chart import chart, table
from cells import of_speed, one_line, signed, times
from effects import codes, lacking, unwatched
from provenance import made_by
from records import targets_in_words, write
from zoo_figures import MODELS, NETWORKS
from zoo_missing import without_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zoo_grid import Grid

HEADING = (
    "| method | run | seeds | size | deflated | top-1 | difference | control | speed | warnings |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"
)


def summaries(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one entry a model and method; differences with their mean and range over seeds."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["recipe"]), []).append(row)
    return [_summary(model, name, group) for (model, name), group in groups.items()]


def _summary(model: str, name: str, group: list[dict[str, Any]]) -> dict[str, Any]:
    first, found = group[0], [row for row in group if "bytes" in row]
    entry: dict[str, Any] = {"model": model, "method": name, "seeds": len(group)}
    entry["runs"] = sorted({row["run"] for row in group})
    entry["statuses"] = sorted({row["status"] for row in group})
    entry["warnings"] = sorted({code for row in group for code in codes(row)})
    if len(found) < len(group):
        return entry | {"reason": next(r["reason"] for r in group if "bytes" not in r)}
    entry |= {
        key: statistics.mean(row[key] for row in group)
        for key in ("size_ratio", "deflated_ratio", "top1")
    }
    differences = [row["top1_difference"] for row in group]
    entry["difference"] = statistics.mean(differences)
    entry["range"] = [min(differences), max(differences)]
    entry["interval"] = first["top1_difference_interval"] if len(group) == 1 else None
    controls = [row["control_difference"] for row in group]
    entry["control"] = None if None in controls else statistics.mean(controls)
    parities = [row["parity_top1"] for row in group if row["parity_top1"] is not None]
    entry["parity_top1"] = min(parities) if parities else None
    speeds = [row["speedup_onnxruntime_float32"] for row in group]
    for key in ("deflated_ratio_to_twin", "least_sparsity"):
        known = [row[key] for row in group if row.get(key) is not None]
        entry[key] = min(known) if known else None
    entry["speed"] = None if None in speeds else statistics.median(s["median"] for s in speeds)
    entry["speed_notes"] = sorted({note for row in group for note in of_speed(row)})
    return entry


class Held:
    """Figures that are held against targets, each target in words with what was found."""

    def __init__(
        self, entries: list[dict[str, Any]], left_out: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Look figures up by model and method; what is `left_out` is held against nothing."""
        self.left_out = left_out
        self.by = {(entry["model"], entry["method"]): entry for entry in entries}
        self.models = MODELS
        self.found: dict[str, bool | None] = {}

    def hold(self, model: str, method: str, words: str, key: str, least: float) -> None:
        """Hold one figure against the least that it should be."""
        entry = self.by.get((model, method))
        if entry is None:
            if method not in self.left_out.get(model, ()):
                self.found[f"{model} {method}: {words}"] = None
            return
        value = entry.get(key)
        shown = "nothing" if value is None else f"{value:.4g}"
        kept = value is not None and value >= least
        self.found[f"{model} {method}: {words} (found {shown})"] = kept

    def hold_against(self, model: str, method: str, other: str) -> None:
        """Hold a method's difference of top-1 against that of another."""
        least = self.by.get((model, other), {}).get("difference")
        if least is not None:
            self.hold(
                model, method, f"not worse than {other} ({signed(least)})", "difference", least
            )

    def hold_parity(self, least: float) -> None:
        """Hold the least agreement between native and ONNX form of all methods."""
        parities = {
            f"{entry['model']} {entry['method']}": entry["parity_top1"]
            for entry in self.by.values()
            if entry.get("parity_top1") is not None
        }
        if parities:
            worst = min(parities, key=parities.__getitem__)
            words = (
                f"native and ONNX form agree on {least:.1%} (found {parities[worst]:.4f} {worst})"
            )
            self.found[words] = parities[worst] >= least


Targets = Callable[[Held], None]


def page(record: dict[str, Any], more: str = "") -> str:
    """Return the record as Markdown; `more` stands before the targets."""
    legend = (
        f"{NETWORKS} Size ratios are bytes of the float32 ONNX input / bytes of the "
        "deployable. Differences of top-1 are against the float network on the same 10,000 test "
        "images of Fashion-MNIST: "
        "of one seed with the 95 % interval, of several the mean and (least to greatest). "
        f"Methods that train saw the first {record['train_images']:,} images of train, those named "
        "so all of them; *control* is the float network after the same training. Speed is the CPU "
        "time of float32 ONNX Runtime / this row's, the median of interleaved pairs."
    )
    used = sorted({row["run"] for row in record["rows"]})
    lines = [f"# {record['title']}\n", legend + "\n"]
    lines += [f"Run {run}: {made_by(record['runs'][run])}\n" for run in used]
    lines += [f"{text}\n" for say in (lacking, unwatched) if (text := say({"": record}))]
    for model in dict.fromkeys(entry["model"] for entry in record["summaries"]):
        lines += [f"\n## `{model}`\n", HEADING]
        lines += [_line(entry) for entry in record["summaries"] if entry["model"] == model]
    return "\n".join(lines) + "\n" + more + "\n" + targets_in_words(record["targets"])


def _line(entry: dict[str, Any]) -> str:
    runs = ", ".join(map(str, entry["runs"]))
    if "top1" not in entry:
        why = f"{', '.join(entry['statuses'])}: {one_line(entry['reason'])}"
        return f"| {entry['method']} | {runs} | {entry['seeds']} | | | | | | | {why} |"
    low, high = entry["interval"] or entry["range"]
    control = "" if entry["control"] is None else signed(entry["control"])
    notes = ", ".join(notes_of(entry))
    return (
        f"| {entry['method']} | {runs} | {entry['seeds']} | {times(entry['size_ratio'])} "
        f"| {times(entry['deflated_ratio'])} | {entry['top1']:.4f} | {signed(entry['difference'])} "
        f"({signed(low)} to {signed(high)}) | {control} | {times(entry['speed'])} | {notes} |"
    )


def notes_of(entry: dict[str, Any]) -> list[str]:
    """Return what else a reader must know of an entry with figures."""
    statuses = (status for status in entry["statuses"] if status != "ok")
    return [*statuses, *entry["warnings"], *entry["speed_notes"]]


def save(out: Path, record: dict[str, Any], grid: Grid, seeds: int) -> None:
    """Write OUT.json and OUT.md, their summaries and targets made anew from the rows.

    Of methods that train the page asks for `seeds` runs.

    Of a grid with `modes` the page has a table of bits × mode, and OUT.svg shows the same.
    """
    found, modes = summaries(record["rows"]), grid.modes
    held = Held(found, grid.left_out)
    grid.targets(held)
    record = record | {"summaries": found, "targets": held.found}
    more = without_row(grid, record["rows"], seeds)
    if modes is not None:
        out.with_suffix(".svg").write_text(chart(found, modes), "utf-8")
        more += f"\n![Accuracy and size by bits]({out.with_suffix('.svg').name})\n"
        more += table(found, modes)
    write(out, record, page(record, more))
