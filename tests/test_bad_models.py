"""Model files that are missing, broken or mean harm: each is one clear error, nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

Refusal = Callable[..., str]
Spoil = Callable[[onnx.ModelProto], bytes]
SECRET = bytes(10_000)


def with_nan(model: onnx.ModelProto) -> bytes:
    weight = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weight.flat[3] = np.nan
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weight, "conv.weight"))
    return model.SerializeToString()


def with_open_height(model: onnx.ModelProto) -> bytes:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "H"
    return model.SerializeToString()


def with_python_operator(model: onnx.ModelProto) -> bytes:
    model.graph.node[1].domain = "ai.onnx.contrib"
    model.graph.node[1].op_type = "PyOp"
    model.opset_import.append(helper.make_opsetid("ai.onnx.contrib", 1))
    return model.SerializeToString()


def with_external(location: str) -> Spoil:
    def spoil(model: onnx.ModelProto) -> bytes:
        external_data_helper.set_external_data(model.graph.initializer[0], location)
        model.graph.initializer[0].ClearField("raw_data")
        model.graph.initializer[0].data_location = TensorProto.EXTERNAL
        return model.SerializeToString()

    return spoil


#: Fault -> the bytes of the file, and what the error says after its path.
FAULTS: dict[str, tuple[Spoil, str]] = {
    "empty": (lambda _: b"", "not an ONNX model, or cut off"),
    "text": (lambda _: b"hello world " * 9, "not an ONNX model, or cut off"),
    "cut off": (lambda m: m.SerializeToString()[:400], "not an ONNX model, or cut off"),
    "a pickle": (lambda _: b"cos\nsystem\n(S'touch pwned'\ntR.", "not an ONNX model, or cut off"),
    "NaN": (with_nan, "the tensor 'conv.weight' holds 1 numbers that are not finite"),
    "open axes": (with_open_height, "input 'x' has no fixed length on axis 2 ('H')"),
    "code": (with_python_operator, "ai.onnx.contrib"),
    "outside": (with_external("../secret.bin"), "points outside the directory"),
    "absolute": (with_external("/etc/hostname"), "its external data cannot be read"),
    "symbolic link": (with_external("symbolic.bin"), "it is a symbolic link"),
    "hard link": (with_external("hard.bin"), "it has multiple hard links"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder for the model, with links in it that lead to a file outside."""
    path = tmp_path / "models"
    path.mkdir()
    (tmp_path / "secret.bin").write_bytes(SECRET)
    (path / "symbolic.bin").symlink_to(tmp_path / "secret.bin")
    (path / "hard.bin").hardlink_to(tmp_path / "secret.bin")
    return path


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", ["compare", "run"])
def test_a_broken_model_is_told_its_fault(
    refusal: Refusal, tiny: onnx.ModelProto, folder: Path, verb: str, fault: str
) -> None:
    spoil, said = FAULTS[fault]
    path = folder / "net.onnx"
    path.write_bytes(spoil(tiny))
    words = ["float16", "--model", path, "--backend", "onnxruntime"]
    text = refusal(verb, *words)
    assert text.startswith(f"{path}: ")
    assert said in text
    assert not (folder.parent / "pwned").exists()


@pytest.mark.parametrize("fault", ["empty", "text", "cut off", "a pickle", "outside", "hard link"])
def test_a_broken_model_is_not_inspected_either(
    refusal: Refusal, tiny: onnx.ModelProto, folder: Path, fault: str
) -> None:
    spoil, said = FAULTS[fault]
    (folder / "net.onnx").write_bytes(spoil(tiny))
    assert said in refusal("inspect", folder / "net.onnx")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("labels: !!python/object/apply:os.system ['touch pwned']\n", "net.yaml:1:9: labels: tags"),
        ("labels: ../no.txt\n", "cannot read the labels file"),
        ("colour: blue\n", "colour: Extra inputs are not permitted"),
        ("data: npz:no.npz\n", "no.npz"),
    ],
)
def test_a_wrong_file_beside_the_model_is_told_its_fault(
    refusal: Refusal, tiny: onnx.ModelProto, folder: Path, text: str, said: str
) -> None:
    onnx.save(tiny, folder / "net.onnx")
    (folder / "net.yaml").write_text(text)
    words = ["float16", "--model", folder / "net.onnx", "--backend", "onnxruntime"]
    assert said in refusal("compare", *words)
    assert not (folder.parent / "pwned").exists()


@pytest.mark.parametrize("verb", ["compare", "run", "inspect"])
@pytest.mark.parametrize(
    ("name", "said"), [("no.onnx", "no model file no.onnx"), ("models", "folder")]
)
def test_what_is_no_file_is_named(
    refusal: Refusal, folder: Path, verb: str, name: str, said: str
) -> None:
    words = ["float16", "--backend", "onnxruntime", "--model"] if verb != "inspect" else []
    assert said in refusal(verb, *words, name)


def test_data_beside_the_model_are_no_fault(
    refusal: Refusal, tiny: onnx.ModelProto, folder: Path
) -> None:
    needed = len(tiny.graph.initializer[0].raw_data)
    (folder / "beside.bin").write_bytes(SECRET[:needed])
    (folder / "net.onnx").write_bytes(with_external("beside.bin")(tiny))
    with pytest.raises(AssertionError, match="assert 0 == 2"):
        refusal("inspect", folder / "net.onnx")
