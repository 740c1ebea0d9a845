"""The records of the study as tables: one a network, the rows of all backends together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cells import gathered, gibibytes, one_line, signed, times
from effects import lacking, notes, unwatched
from full_size import missing as missing_of_full_size
from full_size import record_of as record_of_full_size
from full_size_inputs import MODELS as SIZED
from full_size_page import top1_of
from records import read
from seeds_photos import right, words
from zoo_figures import MODELS, NETWORKS
from zoo_grid import record_of
from zoo_missing import never_run, not_run
from zoo_page import notes_of, summaries

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
    #: What is not meant to run.
    left_out: tuple[str, ...] = ()


def accuracy(grids: Sequence[Grid], trained_images: int, seeds: int) -> Part:
    """Return the zoo's networks with all backends; of methods that train `seeds` are asked for."""
    entries = [
        entry | {"backend": grid.backend}
        for grid in grids
        for entry in summaries(read(record_of(grid)).get("rows", []))
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
    missing, left_out = [], []
    for grid in grids:
        rows = read(record_of(grid))["rows"]
        missing += _of_backend(grid.backend, not_run(grid, rows, MODELS, seeds))
        left_out += _of_backend(grid.backend, never_run(rows, grid.left_out))
    known = {grid.backend: read(record_of(grid)) for grid in grids}
    words = (
        f"{NETWORKS} They are judged on all 10,000 test images. Methods that train saw the first "
        f"{trained_images:,} images of train (those named so: all), with several seeds: the "
        "mean and (least to greatest, how many), else the 95 % interval of the paired difference. "
        "Control: the float network after the same "
        "training. Speed: CPU time of float32 ONNX Runtime / this row's, one thread, batch 1; Core "
        f"ML needs macOS. {lacking(known)} {unwatched(known)}"
    )
    records = tuple(f"{record_of(g).name}.md" for g in grids if read(record_of(g))["rows"])
    return Part("Accuracy", words.rstrip(), tuple(tables), records, tuple(missing), tuple(left_out))


def sizes(full_sizes: Sequence[FullSize], *, own: bool = False) -> Part:
    """Return the networks of full size with all backends, with `own` those on one's own weights."""
    rows: list[dict[str, Any]] = []
    missing: list[str] = []
    records, judged = [], False
    said: dict[str, list[str]] = {}
    known: dict[str, dict[str, Any]] = {}
    for what in full_sizes:
        backend, out = what.grid.backend, record_of_full_size(what.grid.backend, own=own)
        known[backend] = record = read(out)
        imagenet = record.get("imagenet", False)
        left = missing_of_full_size(what, record["rows"], SIZED, what.methods, imagenet=imagenet)
        missing += _of_backend(backend, left)
        judged |= imagenet
        rows += [row | {"backend": backend} for row in record["rows"]]
        if record["rows"]:
            said.setdefault(record["inputs"], []).append(backend)
            records.append(f"{out.name}.md")
    words = next(iter(said), "") if len(said) < 2 else _by_backend(said)
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
        "Runtime, and of the float network in the same runtime, / this row's. Of "
        "methods that train those whose files are like no other's are here, trained for an epoch "
        "over a few images of noise, and none where images are somebody's own. "
        f"{lacking(known)}"
    )
    return Part("Size and speed", legend.rstrip(), tuple(tables), tuple(records), tuple(missing))


def _of_backend(backend: str, cells: Sequence[tuple[str, str]]) -> list[str]:
    """Return cells (model, method) of a backend as one text for each set of models."""
    return [f"{backend} on {text}" for text in gathered(cells, MODELS)]


def _by_backend(said: dict[str, list[str]]) -> str:
    return " ".join(f"{', '.join(backends)}: {words}" for words, backends in said.items())


def photos(results: Path) -> Part:
    """Return EfficientNet-Lite0 on photos."""
    record = read(results / "seeds-photos")
    columns = ("backend", "method", "size", "deflated", "agreement", "SQNR dB", "right")
    rows = tuple(_photo_row(row) for row in record["rows"])
    tables = (Table("EfficientNet-Lite0", (*columns, "speed", "notes"), rows),) if rows else ()
    missing = () if rows else ("no record",)
    records = ("seeds-photos.md",) if rows else ()
    return Part("Real ImageNet weights", words(record["rows"]), tables, records, missing)


def _accuracy_row(entry: dict[str, Any]) -> tuple[str, ...]:
    head = (entry["backend"], entry["method"])
    if "top1" not in entry:
        return (*head, *[""] * 6, f"{', '.join(entry['statuses'])}: {one_line(entry['reason'])}")
    low, high = entry["interval"] or entry["range"]
    seeds = "" if entry["interval"] else f", {entry['seeds']} seeds"
    return (
        *head,
        times(entry["size_ratio"]),
        times(entry["deflated_ratio"]),
        f"{entry['top1']:.4f}",
        f"{signed(entry['difference'])} ({signed(low)} to {signed(high)}{seeds})",
        "" if entry["control"] is None else signed(entry["control"]),
        times(entry["speed"]),
        ", ".join(notes_of(entry)),
    )


def _point(entry: dict[str, Any]) -> tuple[str, str, float, float]:
    return (entry["backend"], entry["method"], entry["deflated_ratio"], entry["difference"])


def _size_row(row: dict[str, Any], *, judged: bool) -> tuple[str, ...]:
    head = (row["backend"], row["recipe"])
    if "size" not in row:
        why = f"{row['status']}: {one_line(row['reason'])}"
        return (*head, *[""] * (6 if judged else 5), why)
    sizes = [row.get(key) for key in ("size", "deflated")]
    speeds = [(row.get(key) or {}).get("median") for key in ("speed", "speed_same_runtime")]
    memory = gibibytes(row.get("peak_rss_bytes"))
    top1 = (top1_of(row),) if judged else ()
    return (*head, *map(times, (*sizes, *speeds)), memory, *top1, ", ".join(notes(row)))


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
        return (*head, *[""] * 6, f"{row['status']}: {one_line(row['reason'])}")
    return (
        *head,
        times(row["size_ratio"]),
        times(row["deflated_ratio"]),
        f"{row['agreement']:.2f} (n {row['n']})",
        "" if row["sqnr_db"] is None else f"{row['sqnr_db']:.1f}",
        right(row["top1"], row["n"]),
        times((row["speedup_onnxruntime_float32"] or {}).get("median")),
        ", ".join(notes(row)),
    )
