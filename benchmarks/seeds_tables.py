"""The records of the study as tables: one a network, the rows of all backends together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from full_size import record_of as record_of_full_size
from full_size_inputs import MODELS as SIZED
from full_size_page import top1_of
from zoo_grid import record_of
from zoo_page import summaries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from full_size import FullSize
    from zoo_grid import Grid


@dataclass(frozen=True)
class Table:
    """One table: `points` are (backend, method, times smaller when deflated, accuracy change)."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    points: tuple[tuple[str, str, float, float], ...] = ()


@dataclass(frozen=True)
class Part:
    """One part of the study with what was measured on what, and where it is recorded."""

    title: str
    words: str
    tables: tuple[Table, ...]
    records: tuple[str, ...]
    #: What has not run yet.
    missing: tuple[str, ...] = ()


def accuracy(grids: Sequence[Grid], trained_images: int) -> Part:
    """Return the zoo's networks with all backends."""
    entries = [
        entry | {"backend": grid.backend}
        for grid in grids
        for entry in summaries(_read(record_of(grid)).get("rows", []))
    ]
    columns = ("backend", "method", "size", "deflated", "top-1", "difference", "control", "speed")
    tables = [
        Table(
            model,
            (*columns, "notes"),
            tuple(_accuracy_row(e) for e in entries if e["model"] == model),
            tuple(_point(e) for e in entries if e["model"] == model and "top1" in e),
        )
        for model in dict.fromkeys(entry["model"] for entry in entries)
    ]
    done = {(e["backend"], e["model"], e["method"]) for e in entries}
    missing = [
        f"{grid.backend}: {method} on {table.title}"
        for grid in grids
        for table in tables
        for method in (*grid.once, *grid.trained)
        if (grid.backend, table.title, method) not in done
        and method not in grid.left_out.get(table.title, ())
    ]
    words = (
        "Small networks (32 x 32) trained on Fashion-MNIST, judged on all 10,000 test images; not "
        f"ImageNet. Methods that train saw the first {trained_images:,} images of train (those "
        "named so: all) with three seeds: the mean and (least to greatest), else the 95 % interval "
        "of the paired difference. *control*: the float network after the same training. Speed: "
        "CPU time of float32 ONNX Runtime / this row's, one thread, batch 1; Core ML needs macOS."
    )
    records = tuple(f"{record_of(grid).name}.md" for grid in grids if _read(record_of(grid)))
    return Part("Accuracy", words, tuple(tables), records, tuple(missing))


def sizes(full_sizes: Sequence[FullSize], *, own: bool = False) -> Part:
    """Return the networks of full size with all backends, with `own` those on one's own weights."""
    rows: list[dict[str, Any]] = []
    words, missing, records, judged = "", [], [], False
    for what in full_sizes:
        backend, out = what.grid.backend, record_of_full_size(what.grid.backend, own=own)
        record = _read(out)
        mine = record.get("rows", [])
        done = {(row["model"], row["recipe"]) for row in mine}
        judged |= record.get("imagenet", False)
        words = record.get("inputs", words)
        missing += [
            f"{backend}: {method} on {model}"
            for method in what.methods
            for model in SIZED
            if (model, method) not in done
        ]
        rows += [row | {"backend": backend} for row in mine]
        records += [f"{out.name}.md"] if record else []
    columns = [
        *("backend", "method", "size", "deflated", "speed", "same runtime"),
        "memory of the job",
    ]
    columns += ["top-1", "notes"] if judged else ["notes"]
    tables = [
        Table(
            model,
            tuple(columns),
            tuple(_size_row(row, judged=judged) for row in rows if row["model"] == model),
            tuple(point for row in rows if row["model"] == model for point in _judged(row)),
        )
        for model in dict.fromkeys(row["model"] for row in rows)
    ]
    legend = (
        f"The same architectures as torchvision has them (224 x 224, 1000 classes). {words} Size: "
        "bytes of the float32 ONNX input / of the deployable. Speed: CPU time of float32 ONNX "
        "Runtime, and of the float network in the same runtime, / this row's. Methods that train "
        "did so for an epoch over a few images; those whose files are like another's are left out."
    )
    return Part("Size and speed", legend, tuple(tables), tuple(records), tuple(missing))


def photos(results: Path) -> Part:
    """Return EfficientNet-Lite0 on photos."""
    record = _read(results / "seeds-photos")
    columns = ("backend", "method", "size", "deflated", "agreement", "SQNR dB", "speed", "notes")
    rows = tuple(_photo_row(row) for row in record.get("rows", []))
    tables = (Table("EfficientNet-Lite0", columns, rows),) if rows else ()
    missing = () if rows else ("no record",)
    records = ("seeds-photos.md",) if rows else ()
    return Part("Real ImageNet weights", record.get("words", ""), tables, records, missing)


def _read(out: Path) -> dict[str, Any]:
    path = out.with_suffix(".json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _accuracy_row(entry: dict[str, Any]) -> tuple[str, ...]:
    head = (entry["backend"], entry["method"])
    if "top1" not in entry:
        return (*head, *[""] * 6, f"{', '.join(entry['statuses'])}: {_line(entry['reason'])}")
    low, high = entry["interval"] or entry["range"]
    return (
        *head,
        _times(entry["size_ratio"]),
        _times(entry["deflated_ratio"]),
        f"{entry['top1']:.4f}",
        f"{entry['difference']:+.4f} ({low:+.4f} to {high:+.4f})",
        "" if entry["control"] is None else f"{entry['control']:+.4f}",
        _times(entry["speed"]),
        ", ".join([*(s for s in entry["statuses"] if s != "ok"), *entry["warnings"]]),
    )


def _point(entry: dict[str, Any]) -> tuple[str, str, float, float]:
    return (entry["backend"], entry["method"], entry["deflated_ratio"], entry["difference"])


def _size_row(row: dict[str, Any], *, judged: bool) -> tuple[str, ...]:
    head = (row["backend"], row["recipe"])
    if "size" not in row:
        why = f"{row['status']}: {_line(row['reason'])}"
        return (*head, *[""] * (6 if judged else 5), why)
    sizes = [row.get(key) for key in ("size", "deflated")]
    speeds = [(row.get(key) or {}).get("median") for key in ("speed", "speed_same_runtime")]
    memory = f"{row['peak_rss_bytes'] / 2**30:.2f} GiB" if row.get("peak_rss_bytes") else ""
    notes = [note for note in (row["status"], *dict.fromkeys(row["warnings"])) if note != "ok"]
    top1 = (top1_of(row),) if judged else ()
    return (*head, *map(_times, (*sizes, *speeds)), memory, *top1, ", ".join(notes))


def _judged(row: dict[str, Any]) -> list[tuple[str, str, float, float]]:
    """Return a row as a point, where its accuracy is known."""
    metrics = (row.get("quality") or {}).get("metrics", ())
    changes = [metric["difference"] for metric in metrics if metric["name"] == "top1"]
    return [
        (row["backend"], row["recipe"], row["deflated"], change)
        for change in changes
        if change is not None and row.get("deflated")
    ]


def _photo_row(row: dict[str, Any]) -> tuple[str, ...]:
    head = (row["backend"], row["recipe"])
    if "bytes" not in row:
        return (*head, *[""] * 5, f"{row['status']}: {_line(row['reason'])}")
    codes = dict.fromkeys(text.partition(":")[0] for text in row["warnings"])
    return (
        *head,
        _times(row["size_ratio"]),
        _times(row["deflated_ratio"]),
        f"{row['agreement']:.2f} (n {row['n']})",
        "" if row["sqnr_db"] is None else f"{row['sqnr_db']:.1f}",
        _times((row["speedup_onnxruntime_float32"] or {}).get("median")),
        ", ".join([*([] if row["status"] == "ok" else [row["status"]]), *codes]),
    )


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}×"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
