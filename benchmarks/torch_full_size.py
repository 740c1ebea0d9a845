"""Size and speed of what the PyTorch backend makes of networks at 224 x 224, random weights.

    python benchmarks/torch_full_size.py [--models torchvision:resnet50 …]

Sizes and speeds do not depend on what a network has learnt, accuracies do: none is given here.
Images are noise. Ratios of CPU time are medians of interleaved pairs on one thread, batch 1; that
to eager PyTorch is measured here in the same way. Writes OUT.json and OUT.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boildown
import numpy as np
import onnx
import torch
from boildown import OnnxRuntime, Recipe
from boildown.model.normalize import normalize
from boildown.plugins.models import find_model
from boildown_torch.importer import import_onnx
from provenance import ROOT, made_by, provenance
from records import targets_in_words, tell, write

if TYPE_CHECKING:
    from boildown.comparison.schema import ModelRecord, Ratio, Row
    from boildown.report.results import Results

MODELS = ("torchvision:mobilenet_v2", "torchvision:resnet50", "torchvision:squeezenet1_1")
IMAGES = 48
PTE = {"torch": {"format": "pte"}}
CHANNEL = {"op": "prune", "sparsity": 0.5, "structure": "channel"}
INT8 = {"op": "quantize", "weights": "int8", "activations": "int8"}
RECIPES: dict[str, list[dict[str, Any]]] = {
    "int8-static": [INT8],
    "int8-dynamic": [{"op": "quantize", "weights": "int8", "activations": "dynamic"}],
    "prune-50-channel": [CHANNEL],
    "prune-50-channel-int8": [CHANNEL, INT8],
    "int8-static-pte": [INT8 | {"with": PTE}],
}
#: Recipe -> least size ratio, least ratio of CPU time, against which float network; by model.
LEAST: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], str]] = {
    "int8-static": ((3.5, 3.8, 3.4), (1.8, 2.8, 1.8), "speed"),
    "prune-50-channel": ((2.7, 2.7, 2.7), (2.3, 2.3, 2.3), "speed"),
    "prune-50-channel-int8": ((8.8, 8.8, 8.8), (2.4, 2.4, 2.4), "speed"),
    "int8-static-pte": ((3.3, 3.3, 3.3), (1.0, 1.0, 1.0), "speed_same_runtime"),
}
DYNAMIC_SIZE = (1.35, 1.05, None)
EAGER, MEMORY = 4.0, 4 << 30
PAIRS, INNER = 15, 2


def noise(folder: Path) -> Path:
    """Write images of noise: calibration and test splits."""
    random = np.random.default_rng(0)
    draw = random.integers(0, 256, (2, IMAGES, 3, 224, 224), dtype=np.uint8)
    np.savez(folder / "noise.npz", calibration_x=draw[0], test_x=draw[1])
    return folder / "noise.npz"


def row_of(row: Row, model: ModelRecord, results: Results, folder: Path) -> dict[str, Any]:
    """Return the figures of one row; ratios are before / after."""
    found: dict[str, Any] = {"model": row.model, "recipe": row.recipe, "status": row.status}
    found |= {"reason": row.reason, "warnings": [w.code for w in row.warnings]}
    if row.deployable is None or row.speed is None:
        return found
    twin = row.float_twin.deployable.bytes if row.float_twin else None
    found |= {
        "bytes": row.deployable.bytes,
        "size": model.baseline.size.bytes / row.deployable.bytes,
        "size_same_format": twin and twin / row.deployable.bytes,
        "speed": _ratio(row.speed.versus_onnxruntime_float),
        "speed_same_runtime": _ratio(row.speed.versus_same_runtime_float),
        "parity_top1": row.parity.top1_agreement if row.parity else None,
        "peak_rss_bytes": row.cost.peak_rss_bytes if row.cost else None,
    }
    if row.recipe == "int8-static":
        found["speed_eager"] = against_eager(
            row.model, results.folder / row.deployable.path, folder
        )
    return found


def against_eager(uri: str, int8: Path, folder: Path) -> dict[str, Any]:
    """Return the paired ratio of CPU time, eager PyTorch / the int8 file in ONNX Runtime."""
    torch.set_num_threads(1)
    images = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    source = onnx.load(normalize(find_model(uri, folder).path, folder / "float.onnx").path)
    module, session = import_onnx(source).eval(), OnnxRuntime(int8, 1)
    name = source.graph.input[0].name

    def eager() -> None:
        with torch.inference_mode():
            module(torch.from_numpy(images))

    def deployed() -> None:
        session.run({name: images})

    ratios = []
    for _ in range(PAIRS):
        seconds = []
        for work in (eager, deployed):
            work()
            start = time.process_time()
            for _ in range(INNER):
                work()
            seconds.append(time.process_time() - start)
        ratios.append(seconds[0] / seconds[1])
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {"median": middle, "q1": low, "q3": high, "n": PAIRS}


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    return None if ratio is None else ratio.model_dump(mode="json")


def targets(rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Return every target in words with what was found, and whether it is met."""
    found: dict[str, bool] = {}

    def hold(row: dict[str, Any], what: str, value: float | None, least: float) -> None:
        shown = "nothing" if value is None else f"{value:.2f}"
        words = f"{row['model']} {row['recipe']}: {what} at least {least:g} (found {shown})"
        found[words] = value is not None and value >= least

    for row in rows:
        place, recipe = MODELS.index(row["model"]), row["recipe"]
        if recipe in LEAST:
            sizes, speeds, key = LEAST[recipe]
            same = key == "speed_same_runtime"
            hold(row, "size", row.get("size_same_format" if same else "size"), sizes[place])
            hold(row, key.replace("_", " "), (row.get(key) or {}).get("median"), speeds[place])
        if recipe == "int8-static":
            hold(row, "speed against eager", (row.get("speed_eager") or {}).get("median"), EAGER)
        if recipe == "int8-dynamic" and DYNAMIC_SIZE[place] is not None:
            hold(row, "size", row.get("size"), float(DYNAMIC_SIZE[place] or 0))
        if recipe == "int8-dynamic" and DYNAMIC_SIZE[place] is None:
            found[f"{row['model']} {recipe}: no effect, and said so"] = row["status"] == "no_effect"
        peak = row.get("peak_rss_bytes")
        if peak is not None:
            words = f"{row['model']} {recipe}: under 4 GiB (found {peak / 2**30:.2f})"
            found[words] = peak < MEMORY
    return found


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    legend = (
        "Inputs are 224 x 224, weights random. Ratios are before / after: bytes of the float32 "
        "ONNX input / of the deployable (`.pte`: float `.pte` / int8 `.pte`); CPU time of float32 "
        "ONNX Runtime, of the float network in the same runtime, and of eager PyTorch / of the "
        "deployable, medians of interleaved pairs (quartiles).\n"
    )
    lines = [
        "# Networks of full size through PyTorch\n",
        f"{made_by(record['provenance'])}\n\n{legend}",
        "| model | recipe | size | ONNX Runtime float32 | same runtime | eager | memory | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_line(row) for row in record["rows"]]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def _line(row: dict[str, Any]) -> str:
    name, notes = row["model"].partition(":")[2], [row["status"], *row["warnings"]]
    if "size" not in row:
        return f"| {name} | {row['recipe']} | | | | | | {row['status']}: {row['reason']} |"
    size = row["size_same_format"] if row["recipe"].endswith("pte") else row["size"]
    speeds = [_shown(row.get(k)) for k in ("speed", "speed_same_runtime", "speed_eager")]
    memory = f"{(row['peak_rss_bytes'] or 0) / 2**30:.2f} GiB"
    notes = ", ".join(dict.fromkeys(note for note in notes if note != "ok"))
    return f"| {name} | {row['recipe']} | {size:.2f}× | {' | '.join(speeds)} | {memory} | {notes} |"


def _shown(ratio: dict[str, Any] | None) -> str:
    return f"{ratio['median']:.2f}× ({ratio['q1']:.2f}–{ratio['q3']:.2f})" if ratio else ""


def main() -> None:
    """Run the grid model by model, and write both records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/torch-full-size")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in options.models:
            results = boildown.compare(
                [Recipe.model_validate({"name": n, "steps": s}) for n, s in RECIPES.items()],
                models=model,
                backends="torch",
                data=f"npz:{noise(folder)}",
                out=folder / "out",
                timing_seconds=20,
                on_event=tell,
            )
            source = results.comparison.models[0]
            rows += [row_of(row, source, results, folder) for row in results.rows]
    record = {
        "provenance": provenance("boildown-torch", "torch", "torchao", "torchvision", "executorch"),
        "targets": targets(rows),
        "rows": rows,
    }
    write(options.out, record, page(record))


if __name__ == "__main__":
    main()
