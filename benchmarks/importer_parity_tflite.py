"""How near ONNX → tf_keras → `.tflite` comes to ONNX Runtime on networks of full size.

    python benchmarks/importer_parity_tflite.py [--networks mobilenet_v2 …] [--size 224]

Networks are torchvision's, with random weights and batch norm statistics, as both exporters of
torch write them. The error is the largest difference of any output on random images, divided by
the largest output. Float `.tflite` files hold builtin operators only. Writes OUT.json and OUT.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from boildown import hushed
from provenance import ROOT, made_by, provenance
from records import targets_in_words, write

TESTS = ROOT / "plugins" / "tflite" / "tests"
sys.path.insert(0, str(TESTS))

from exported_networks import NAMES  # noqa: E402 - a helper of the tests
from keras_parity import (  # noqa: E402 - helpers of the tests
    RELATIVE,
    apart,
    by_keras,
    by_onnx_runtime,
    by_tflite,
    normalized,
    tflite,
)

PACKAGES = ("tensorflow", "tf-keras", "ai-edge-litert", "torch", "torchvision")


def main() -> None:
    """Export, import, convert and compare network after network."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--networks", nargs="+", default=list(NAMES))
    asked.add_argument("--size", type=int, default=224, help="height and width of images")
    asked.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/importer-tflite")
    given = asked.parse_args()
    rows = []
    for name in given.networks:
        with tempfile.TemporaryDirectory() as folder:
            export = [sys.executable, TESTS / "exported_networks.py", folder, str(given.size), name]
            subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
            for exporter in ("script", "dynamo"):
                path = Path(folder, f"{name}-{exporter}.onnx")
                rows.append({"network": name, "exporter": exporter, **parity(path, given.size)})
                sys.stderr.write(f"{rows[-1]}\n")
    facts = provenance(*PACKAGES)
    worst = {kind: max(row[kind] for row in rows) for kind in ("keras", "tflite")}
    targets = {
        f"{kind}: every network within {RELATIVE:g} of ONNX Runtime (worst {error:.1e})": error
        <= RELATIVE
        for kind, error in worst.items()
    } | {"numbers come back to the last bit": all(row["written_back"] for row in rows)}
    write(given.out, {"made": facts, "size": given.size, "rows": rows}, page(facts, rows, targets))
    if not all(targets.values()):
        sys.exit(1)


def parity(path: Path, size: int) -> dict[str, Any]:
    """Return both errors, the operators of the file, and whether write_back changes nothing."""
    from ai_edge_litert.interpreter import Interpreter
    from boildown_tflite.importer import import_onnx, write_back

    model = normalized(onnx.load(path))
    images = [np.random.default_rng(0).normal(size=(2, 3, size, size)).astype(np.float32)]
    imported, wanted = import_onnx(model), by_onnx_runtime(model, images)
    data = tflite(imported)
    with hushed():
        operators = Interpreter(model_content=data)._get_ops_details()  # noqa: SLF001 - LiteRT has no public list of operators
    return {
        "keras": apart(by_keras(imported, images), wanted),
        "tflite": apart(by_tflite(data, images), wanted),
        "bytes": len(data),
        "operators": dict(sorted(Counter(item["op_name"] for item in operators).items())),
        "written_back": write_back(model, imported).graph.initializer == model.graph.initializer,
    }


def page(facts: dict[str, Any], rows: list[dict[str, Any]], targets: dict[str, bool]) -> str:
    """Return the record for people."""
    lines = [
        "# ONNX → tf_keras → TFLite against ONNX Runtime",
        "",
        "| network | exporter | tf_keras | float `.tflite` | bytes |",
        "|---|---|---|---|---|",
        *(
            f"| {row['network']} | {row['exporter']} | {row['keras']:.1e} | {row['tflite']:.1e} |"
            f" {row['bytes']:,} |"
            for row in rows
        ),
        "",
        "Largest difference of any output divided by the largest output, two random images.",
        "",
        targets_in_words(targets),
        made_by(facts),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
