"""How often the file that ships agrees with the network that NNI simulated.

    python benchmarks/nni_agreement.py [--models squeezenet1_1] [--methods ptq-int8 …]

Top-1 on the same test images: NNI's wrapped network in PyTorch, seen just before its ranges are
read and its wrappers come off, against the file in ONNX Runtime. Writes results/nni-agreement.json
and .md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import torch
from boildown import OnnxRuntime
from boildown_nni import static, weights
from boildown_nni.rounding import codes_of
from provenance import ROOT, made_by, provenance
from records import targets_in_words, write
from zoo_jobs import shipped, subject

if TYPE_CHECKING:
    from boildown import Codes
    from zoo_jobs import Subject

LEAST = 0.995
#: Of train, for what trains.
IMAGES = 2000
TRAIN = {"epochs": 1, "learning_rate": 3e-4}
INT8 = {"weights": "int8", "activations": "int8"}
METHODS: dict[str, dict[str, Any]] = {
    "ptq-int8": INT8,
    "ptq-int4-weights": {"weights": "int4"},
    "qat-int8": {**INT8, "train": TRAIN},
    "qat-int4-weights": {"weights": "int4", "train": TRAIN},
    "lsq-int4-weights": {"weights": "int4", "train": TRAIN, "with": {"nni": {"quantizer": "Lsq"}}},
    "dorefa-int4-weights": {
        "weights": "int4",
        "train": TRAIN,
        "with": {"nni": {"quantizer": "DoReFa"}},
    },
    "bnn-weights": {"weights": "int1", "train": TRAIN},
}


def agreement(what: Subject, settings: dict[str, Any], count: int) -> float:
    """Return the share of images that both put into the same class."""
    simulated: list[np.ndarray] = []

    def look_first(module: torch.nn.Module, *more: Any) -> Codes:  # noqa: ANN401 - passed on
        if not simulated:
            module.eval()
            with torch.no_grad():
                for inputs, _ in what.images(count):
                    given = [torch.from_numpy(array) for array in inputs.values()]
                    simulated.append(module(*given).argmax(1).numpy())
        codes: Codes = codes_of(module, *more)
        return codes

    with (
        mock.patch.object(static, "codes_of", look_first),
        mock.patch.object(weights, "codes_of", look_first),
    ):
        file = shipped(what, "nni", [{"op": "quantize", **settings}])
    session = OnnxRuntime(file, 1)
    found = [next(iter(session.run(x).values())).argmax(1) for x, _ in what.images(count)]
    return float(np.mean(np.concatenate(found) == np.concatenate(simulated)))


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    legend = (
        f"Share of {record['tested']:,} test images that NNI's simulation and the file in ONNX"
        f" Runtime put into the same class; what trains saw {IMAGES:,} images once.\n"
    )
    lines = [
        "# NNI: simulated against exported\n",
        f"{made_by(record['provenance'])}\n",
        legend,
        "| model | method | agreement |",
        "|---|---|---:|",
    ]
    lines += [
        f"| {row['model']} | {row['method']} | {row['agreement']:.4f} |" for row in record["rows"]
    ]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def _words(row: dict[str, Any]) -> str:
    found = f"(found {row['agreement']:.4f})"
    return f"{row['model']} {row['method']}: agrees on at least {LEAST:.1%} {found}"


def main() -> None:
    """Measure, and write both records."""
    parser = argparse.ArgumentParser(description=__doc__)
    models = ["mobilenet_v2", "resnet50", "squeezenet1_1"]
    parser.add_argument("--models", nargs="+", default=models, choices=models)
    parser.add_argument("--methods", nargs="+", default=[*METHODS], choices=[*METHODS])
    parser.add_argument("--tested", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/nni-agreement")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for model in options.models:
        for method in options.methods:
            with tempfile.TemporaryDirectory() as folder:
                what = subject(model, Path(folder), IMAGES)
                found = agreement(what, METHODS[method], options.tested)
            rows.append({"model": model, "method": method, "agreement": found})
            sys.stderr.write(f"{model} {method}: {found:.4f}\n")
    record = {
        "provenance": provenance("boildown-nni", "nni", "torch"),
        "tested": options.tested,
        "targets": {_words(row): row["agreement"] >= LEAST for row in rows},
        "rows": rows,
    }
    write(options.out, record, page(record))


if __name__ == "__main__":
    main()
