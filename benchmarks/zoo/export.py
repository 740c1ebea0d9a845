"""Export one trained network: `python -m benchmarks.zoo.export --data DIR --work DIR NAME`.

Reads what `benchmarks.zoo.train` left in the work folder, writes the ONNX file that the zoo ships
and the record of how it was made and how well it does on all 10,000 test images.
"""

import argparse
import hashlib
import json
import platform
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from .images import SIZE, LabelledImages, plain_batch, read_split
from .networks import BUILDERS
from .records import cpu_model, multiply_accumulates, wilson_interval
from .tidying import tidied
from .training import logits

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "plugins/zoo/src/boildown_zoo/models"
RECORDS = ROOT / "benchmarks/results/zoo"
OPSET = 17
BATCHES = (128, 1000)  # the first does not divide the 10,000 test images
FIRST = 2000


def export(net: nn.Module, raw: Path, path: Path) -> None:
    """Write the network with its batch norms unfolded, so that it can still be trained."""
    with warnings.catch_warnings():
        # This exporter is deprecated, but the newer one folds every batch norm.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net.eval(),
            # One image would be taken for a fixed batch in some networks.
            (torch.zeros(2, 3, SIZE, SIZE),),
            raw,
            dynamo=False,
            opset_version=OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=["input"],
            output_names=["logits"],
            dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(tidied(onnx.load(raw)), path)


def predictions(path: Path, data: LabelledImages, batch: int) -> Iterator[NDArray[np.int64]]:
    """Yield ONNX Runtime's class for every image, a batch at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    for start in range(0, len(data.images), batch):
        inputs = plain_batch(data.images[start : start + batch]).numpy()
        yield session.run(["logits"], {"input": inputs})[0].argmax(1)


def main() -> None:
    """Export the named network, compare it with torch on every test image, and write its record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(BUILDERS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the idx.gz files")
    parser.add_argument("--work", type=Path, required=True, help="where training left its files")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    net = BUILDERS[arguments.name]()
    net.load_state_dict(torch.load(arguments.work / f"{arguments.name}.pt", weights_only=True))
    test = read_split(arguments.data, "t10k")
    expected = logits(net, test).argmax(1).numpy()
    path = MODELS / f"{arguments.name}.onnx"
    export(net, arguments.work / f"{arguments.name}.raw.onnx", path)
    for batch in BATCHES:
        found = np.concatenate(list(predictions(path, test, batch)))
        if not np.array_equal(found, expected):
            msg = f"{path.name}: {int((found != expected).sum())} classes differ, batch {batch}"
            raise SystemExit(msg)
    right = expected == test.labels
    record = {
        "model": arguments.name,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "multiply_accumulates": multiply_accumulates(net),
        "test": {
            "images": len(right),
            "correct": int(right.sum()),
            "top1": int(right.sum()) / len(right),
            "interval_95": wilson_interval(int(right.sum()), len(right)),
            f"correct_of_first_{FIRST}": int(right[:FIRST].sum()),
            "same_classes_as_torch_at_batches": BATCHES,
        },
        "training": json.loads((arguments.work / f"{arguments.name}.json").read_text()),
        "machine": {"cpu": cpu_model(), "python": platform.python_version()},
        "versions": {
            name: version(name) for name in ("torch", "torchvision", "onnx", "onnxruntime", "numpy")
        },
    }
    RECORDS.mkdir(parents=True, exist_ok=True)
    (RECORDS / f"{arguments.name}.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
