"""Whether NNI's fused compressors make a better prune → quantize chain than one step at a time.

    python benchmarks/nni_fused.py [--images 4000] [--seeds 3]

Fused, QATQuantizer.from_compressor(pruner) rounds the weights while the pruner prunes, in one
training. *apart*: prune (train 2 epochs), then quantize (train 1). *fused, then*: the same, the
first training fused. *fused alone*: 3 epochs fused, and the weights rounded as they are then.
Accuracies are those of the file in ONNX Runtime on all 10,000 test images. Writes
results/nni-fused.json and .md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from boildown_nni import prune as pruning
from boildown_nni.pruners import make_pruner
from boildown_nni.rounding import weight_entry
from boildown_nni.toolkit import quantization
from provenance import ROOT, made_by, provenance
from records import write
from zoo_jobs import shipped, subject, top1

TESTED = 10_000
SPARSITY = {"element": 0.75, "channel": 0.5}
WAYS = ("apart", "fused, then", "fused alone")


def steps(way: str, structure: str, bits: int) -> list[dict[str, Any]]:
    """Return the chain, the pruning of which is fused by `fuse` in two of the three ways."""
    alone = way == "fused alone"
    prune = {
        "op": "prune",
        "sparsity": SPARSITY[structure],
        "structure": structure,
        "schedule": "cubic",
        "train": {"epochs": 3 if alone else 2, "learning_rate": 1e-3},
    }
    quantize: dict[str, Any] = {"op": "quantize", "weights": f"int{bits}", "granularity": "channel"}
    if not alone:
        quantize["train"] = {"epochs": 1, "learning_rate": 3e-4}
    return [prune, quantize]


def fuse(bits: int) -> Any:  # noqa: ANN401 - NNI has no types
    """Return `make_pruner` with weights that are rounded from the beginning of the training."""

    def make(name: str, module: Any, entries: list[dict[str, Any]], **more: Any) -> Any:  # noqa: ANN401
        pruner = make_pruner(name, module, entries, **more)
        layers = [layer for entry in entries for layer in entry["op_names"]]
        rounded = weight_entry(layers, "QAT", bits, whole=False)
        quantizer = quantization.QATQuantizer.from_compressor(pruner, [rounded])

        def compress(*lengths: int | None) -> None:
            quantizer.compress(*lengths)

        pruner.compress = compress
        return pruner

    return make


def measure(model: str, structure: str, bits: int, images: int, seeds: int) -> dict[str, Any]:
    """Return the accuracies of every way, a number a seed."""
    row: dict[str, Any] = {"model": model, "structure": structure, "bits": bits}
    for way in WAYS:
        maker = make_pruner if way == "apart" else fuse(bits)
        row[way] = []
        for seed in range(seeds):
            with (
                tempfile.TemporaryDirectory() as folder,
                mock.patch.object(pruning, "make_pruner", maker),
            ):
                what = subject(model, Path(folder), images)
                file = shipped(what, "nni", steps(way, structure, bits), seed)
                row[way].append(top1(what, file, TESTED))
        sys.stderr.write(f"{model} {structure} int{bits} {way}: {row[way]}\n")
    return row


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    lines = [
        "# NNI: prune → quantize, fused or one after the other\n",
        f"{made_by(record['provenance'])}\n",
        (
            f"Top-1 on {TESTED:,} test images, mean over {record['seeds']} seeds (least to"
            f" greatest); {record['images']:,} images of train, three epochs each.\n"
        ),
        f"| model | structure | weights | {' | '.join(WAYS)} |",
        "|---|---|---|" + "---:|" * len(WAYS),
    ]
    for row in record["rows"]:
        shown = [
            f"{statistics.mean(row[way]):.4f} ({min(row[way]):.4f}–{max(row[way]):.4f})"
            for way in WAYS
        ]
        lines.append(
            f"| {row['model']} | {row['structure']} | int{row['bits']} | {' | '.join(shown)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write both records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["squeezenet1_1", "mobilenet_v2"])
    parser.add_argument("--structures", nargs="+", default=["element", "channel"])
    parser.add_argument("--bits", nargs="+", type=int, default=[8, 4, 2])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/nni-fused")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [
        measure(model, structure, bits, options.images, options.seeds)
        for model in options.models
        for structure in options.structures
        for bits in options.bits
    ]
    record = {
        "provenance": provenance("boildown-nni", "nni", "torch"),
        "images": options.images,
        "seeds": options.seeds,
        "rows": rows,
    }
    write(options.out, record, page(record))


if __name__ == "__main__":
    main()
