"""The figures of a row of a comparison as benchmarks keep them, and their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cells import one_line, signed, times
from effects import notes

if TYPE_CHECKING:
    from boildown.comparison.schema import ModelRecord, Ratio, Row

MODELS = ("zoo:mobilenet_v2", "zoo:resnet50", "zoo:squeezenet1_1")
HEADING = (
    "| recipe | size | deflated | bits/weight | top-1 | difference (95 % interval) "
    "| speed (95 % interval) | warnings |"
)
#: What networks of the zoo are.
NETWORKS = "Small networks (32 x 32) trained on Fashion-MNIST, not ImageNet."


def legend(rows: list[dict[str, Any]]) -> str:
    """Return what the figures of a table are."""
    tested = " or ".join(f"{n:,}" for n in sorted({row["n"] for row in rows if "bytes" in row}))
    return (
        f"{NETWORKS} Size ratios are bytes of the float32 ONNX input / bytes of the deployable, "
        "as it is and deflated; differences of top-1 to the float network are paired, n = "
        f"{tested} test images of Fashion-MNIST; speed is the CPU time of float32 ONNX Runtime / "
        "this row's, the median of interleaved pairs, with its interval."
    )


def figures(row: Row, model: ModelRecord) -> dict[str, Any]:
    """Return the figures of one row that a reader asks for first; ratios are before / after."""
    found: dict[str, Any] = {"model": row.model, "recipe": row.recipe, "status": row.status}
    found["warnings"] = [f"{w.code}: {w.text}" for w in row.warnings]
    if row.deployable is None or row.speed is None or not (row.quality and row.quality.metrics):
        return found | {"reason": row.reason}
    before, deflated = model.baseline.size, row.deployable.deflated_bytes
    top1 = row.quality.metrics[0]
    return found | {
        "bytes": row.deployable.bytes,
        "size_ratio": before.bytes / row.deployable.bytes,
        "deflated_ratio": before.deflated_bytes / deflated
        if before.deflated_bytes and deflated
        else None,
        **to_twin(row),
        "bits_per_weight": row.deployable.bits_per_weight,
        "top1": top1.value,
        "n": top1.n,
        "top1_difference": top1.difference,
        "top1_difference_interval": top1.difference_interval,
        "agreement": row.quality.agreement,
        "sqnr_db": row.quality.sqnr_db,
        "speedup_same_runtime": _ratio(row.speed.versus_same_runtime_float),
        "speedup_onnxruntime_float32": _ratio(row.speed.versus_onnxruntime_float),
        "speed_reason": row.speed.reason,
        "others_busy": row.speed.others_busy,
        "threads": row.speed.threads,
    }


def to_twin(row: Row) -> dict[str, float | None]:
    """Return bytes of the float file of the same backend, as they are and deflated, / of this."""
    if row.float_twin is None or row.deployable is None:
        return {"size_ratio_to_twin": None, "deflated_ratio_to_twin": None}
    twin, file = row.float_twin.deployable, row.deployable
    before, after = twin.deflated_bytes, file.deflated_bytes
    return {
        "size_ratio_to_twin": twin.bytes / file.bytes,
        "deflated_ratio_to_twin": before / after if before and after else None,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table, a section a model."""
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        lines += [f"\n## `{model}`\n", HEADING, "|---|---:|---:|---:|---:|---:|---:|---|"]
        lines += [_line(row) for row in rows if row["model"] == model]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    if "bytes" not in row:
        why = f"{row['status']}: {one_line(row['reason'])}"
        return f"| {row['recipe']} | | | | | | | {why} |"
    low, high = row["top1_difference_interval"]
    ratio = row["speedup_onnxruntime_float32"]
    speed = ""
    if ratio is not None:
        speed = "{:.2f}× ({:.2f} to {:.2f})".format(ratio["median"], *ratio["interval"])
    return (
        f"| {row['recipe']} | {times(row['size_ratio'])} | {times(row['deflated_ratio'])} "
        f"| {row['bits_per_weight']:.2f} | {row['top1']:.4f} | {signed(row['top1_difference'])} "
        f"({signed(low)} to {signed(high)}) | {speed} | {', '.join(notes(row))} |"
    )


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    return None if ratio is None else ratio.model_dump(mode="json")
