"""How near the float translation of a network through Core ML comes to the network itself.

    python benchmarks/coreml_faithful.py [--models torchvision:resnet50 …]

ONNX -> ML Program of float32 -> saved -> read back -> ONNX, against the source in ONNX Runtime, as
the centred ratio of signal to noise; beside it how near PyTorch comes on the same source, which is
the noise of float32 itself. As a control the same with one kernel transposed, which must be found
out. Weights are random, inputs noise. Writes OUT.json and OUT.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from boildown import OnnxRuntime
from boildown.model.normalize import normalize
from boildown.plugins.models import find_model
from boildown_coreml.convert import convert
from boildown_coreml.translator import translate
from boildown_torch.importer import import_onnx
from full_size_inputs import MODELS
from onnx import numpy_helper
from provenance import ROOT, made_by, provenance
from records import targets_in_words, write

if TYPE_CHECKING:
    from onnx import ModelProto

SAMPLES = 8
#: So many decibels may lie between the translation and the noise of float32.
ROOM = 6.0
#: And a wrong kernel lies at least so far below the right one.
APART = 40.0


def decibels(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the power of `wanted` around its mean over samples / that of the error."""
    signal = np.square(wanted - wanted.mean(0)).mean()
    noise = max(float(np.square(found - wanted).mean()), np.finfo(np.float32).tiny)
    return float(10 * np.log10(signal / noise))


def run(model: ModelProto, images: np.ndarray, folder: Path) -> np.ndarray:
    """Return the first output for images, one after the other."""
    onnx.save(model, folder / "run.onnx")
    runtime, name = OnnxRuntime(folder / "run.onnx", 1), model.graph.input[0].name
    return np.concatenate([next(iter(runtime.run({name: x[None]}).values())) for x in images])


def transpose_a_kernel(model: ModelProto) -> None:
    """Swap height and width of the first square kernel, in place."""
    for tensor in model.graph.initializer:
        shape = tuple(tensor.dims)
        if len(shape) == 4 and shape[2] == shape[3] > 1:
            turned = numpy_helper.to_array(tensor).swapaxes(2, 3)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(turned), tensor.name))
            return


def row_of(uri: str, folder: Path) -> dict[str, Any]:
    """Return the figures of one network, in decibels."""
    given = find_model(uri, folder).path
    source = onnx.load(normalize(given, folder / "source.onnx").path)
    images = np.random.default_rng(0).standard_normal((SAMPLES, 3, 224, 224)).astype(np.float32)
    wanted = run(source, images, folder)
    with torch.no_grad():
        floor = import_onnx(source).eval()(torch.from_numpy(images)).numpy()
    made, _target = convert(source, folder / "m.mlpackage", precision="float32")
    form = translate(made.path)
    found = decibels(run(form, images, folder), wanted)
    transpose_a_kernel(form)
    wrong = decibels(run(form, images, folder), wanted)
    return {
        "model": uri,
        "coreml_db": found,
        "torch_db": decibels(floor, wanted),
        "transposed_db": wrong,
    }


def targets(rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Return every target in words with what was found, and whether it is met."""
    found = {}
    for row in rows:
        ours, floor, wrong = row["coreml_db"], row["torch_db"], row["transposed_db"]
        words = f"{row['model']}: within {ROOM:g} dB of PyTorch (found {ours:.1f}, {floor:.1f})"
        found[words] = ours > floor - ROOM
        words = f"{row['model']}: a transposed kernel is {APART:g} dB worse (found {wrong:.1f})"
        found[words] = wrong < ours - APART
    return found


def page(record: dict[str, Any]) -> str:
    """Return the record as Markdown."""
    lines = [
        "# Float networks of full size through Core ML and back\n",
        f"{made_by(record['provenance'])}\n",
        "Signal / noise against the source in ONNX Runtime, in dB; weights random, inputs noise.\n",
        "| model | Core ML and back | PyTorch | one kernel transposed |",
        "|---|---:|---:|---:|",
    ]
    for row in record["rows"]:
        figures = (f"{row[key]:.1f}" for key in ("coreml_db", "torch_db", "transposed_db"))
        lines.append(f"| {row['model'].partition(':')[2]} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n\n" + targets_in_words(record["targets"])


def main() -> None:
    """Run model by model, and write both records after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/coreml-faithful")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for uri in options.models:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(row_of(uri, Path(folder)))
        record = {
            "provenance": provenance("boildown-coreml", "coremltools", "onnx2coreml", "torch"),
            "targets": targets(rows),
            "rows": rows,
        }
        write(options.out, record, page(record))


if __name__ == "__main__":
    main()
