"""`boildown sensitivity`: the layer that suffers most comes first; its line works in a recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from .conftest import Command

RECIPE = """
recipe: 1
name: int4
steps:
  - quantize: {{weights: int4, granularity: tensor{layers}}}
"""
_WORSE = 50.0


@pytest.fixture
def lopsided(tiny: onnx.ModelProto, tmp_path: Path) -> Path:
    """Give one layer a weight so large that all others beside it become zero."""
    for tensor in tiny.graph.initializer:
        if tensor.name == "fc.weight":
            values = numpy_helper.to_array(tensor).copy()
            values[0, 0] = _WORSE
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(tiny, tmp_path / "lopsided.onnx")
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 3, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "data.npz", test_x=x, test_y=random.integers(0, 4, 200))
    (tmp_path / "int4.yaml").write_text(RECIPE.format(layers=""))
    return tmp_path


def test_the_layer_that_suffers_most_comes_first(lopsided: Path, command: Command) -> None:
    words = ("int4.yaml", "--backend", "onnxruntime", "--model", "lopsided.onnx")
    told = command("sensitivity", *words, "--data", "npz:data.npz", "--worst", 1)
    assert told.returncode == 0, told.stderr
    lines = [line.split()[0] for line in told.stdout.splitlines() if line.strip()]
    assert lines.index("fc") < lines.index("conv")
    setting = told.stdout.splitlines()[-1]
    assert setting == 'layers: {exclude: ["fc"]}'
    page = (lopsided / "boildown-sensitivity/sensitivity.md").read_text()
    assert "| layers | weights | SQNR dB | top-1 difference | agreement | status |" in page

    (lopsided / "int4.yaml").write_text(RECIPE.format(layers=f", {setting}"))
    again = command("sensitivity", *words, "--data", "npz:data.npz")
    assert again.returncode == 0, again.stderr
    table, _, line = again.stdout.partition("Everything is in")
    assert "conv" in table
    assert "fc" not in table
    # What the recipe leaves alone already stays in the line.
    assert '{exclude: ["fc"]}' in line or "# step 1, quantize" in line


def test_without_labels_nothing_is_called_harmless(lopsided: Path, command: Command) -> None:
    np.savez(lopsided / "x.npz", test_x=np.load(lopsided / "data.npz")["test_x"])
    words = ("int4.yaml", "--backend", "onnxruntime", "--model", "lopsided.onnx")
    told = command("sensitivity", *words, "--data", "npz:x.npz")
    assert told.returncode == 0, told.stderr
    assert "No loss can be told from chance" in told.stdout
    page = (lopsided / "boildown-sensitivity/sensitivity.md").read_text()
    assert "No loss can be told from chance" in page
    assert "beyond chance" not in page


def test_without_data_nothing_is_judged_and_nothing_advised(
    lopsided: Path, command: Command
) -> None:
    words = ("int4.yaml", "--backend", "onnxruntime", "--model", "lopsided.onnx")
    told = command("sensitivity", *words, "--worst", 1)
    assert told.returncode == 1
    assert "Nothing was judged" in told.stdout
    assert "exclude" not in told.stdout


def test_what_cannot_be_done_to_one_layer_is_an_error(lopsided: Path, command: Command) -> None:
    (lopsided / "int4.yaml").write_text(
        "recipe: 1\nname: n\nsteps: [prune: {sparsity: 0.5, structure: channel}]\n"
    )
    words = ("int4.yaml", "--backend", "torch", "--model", "lopsided.onnx")
    told = command("sensitivity", *words)
    assert told.returncode == 2
    assert "makes a network of other shapes" in told.stderr
