"""Hold what the importer of the PyTorch backend makes of whole networks against ONNX Runtime.

    python benchmarks/importer_parity_torch.py [--networks resnet50 …]

Images of 224 x 224, random weights without trivial values, both exporters of torch, batches of 1
and 3. Writes OUT.json and OUT.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from provenance import ROOT, made_by, provenance
from records import targets_in_words, write

sys.path.insert(0, str(ROOT / "plugins/torch/tests"))
from networks import NETWORKS, exported, network
from parity import RELATIVE, difference, normalized

SIDE = 224
EXPORTERS = {"TorchScript": False, "dynamo": True}


def measure(name: str, exporter: str) -> dict[str, Any]:
    """Return the greatest difference of a network, relative to its greatest output."""
    module, example = network(name, SIDE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        model = normalized(exported(module, example, path, dynamo=EXPORTERS[exporter]))
    draw = np.random.default_rng(0)
    batches = [draw.normal(size=(n, *example.shape[1:])).astype(np.float32) for n in (1, 3)]
    found = max(difference(model, [batch]) for batch in batches)
    return {
        "network": name,
        "exporter": exporter,
        "opset": model.opset_import[0].version,
        "nodes": len(model.graph.node),
        "difference": found,
    }


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    legend = (
        f"Images of {SIDE} x {SIDE}. The difference is the greatest of batches of 1 and 3, relative"
        " to the greatest output of ONNX Runtime.\n"
    )
    lines = [
        "# ONNX → PyTorch: parity of whole networks\n",
        f"{made_by(record['provenance'])}\n",
        legend,
        "| network | exporter | opset | nodes | difference |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row['network']} | {row['exporter']} | {row['opset']} | {row['nodes']}"
        f" | {row['difference']:.1e} |"
        for row in record["rows"]
    ]
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def main() -> None:
    """Measure network by network, and write both records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/importer-torch")
    options = parser.parse_args()
    rows = [measure(name, exporter) for name in options.networks for exporter in EXPORTERS]
    worst = max(row["difference"] for row in rows)
    record = {
        "provenance": provenance("boildown-torch", "torch", "torchvision", "onnxscript"),
        "targets": {f"at most {RELATIVE:g} everywhere (found {worst:.1e})": worst <= RELATIVE},
        "rows": rows,
    }
    write(options.out, record, page(record))


if __name__ == "__main__":
    main()
