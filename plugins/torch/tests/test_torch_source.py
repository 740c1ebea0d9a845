"""`torch:package.module:factory` runs the user's code, but only where the user has said so."""

from __future__ import annotations

import sys
from pathlib import Path

import onnx
import pytest
from boildown import ModelError, UriError, parse_uri
from boildown.plugins.models import find_model
from boildown_torch.sources.user_models import user_model
from safetensors.torch import save_file

CODE = """
from pathlib import Path
from torch import nn
Path(__file__).with_name("it ran").touch()
def net():
    print("made")
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 5))
def number():
    return 3
def fails():
    raise ZeroDivisionError("oh")
"""
SHAPE = "shape=3x8x8"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with the user's module the working folder."""
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    return tmp_path


def test_without_trust_nothing_runs_and_it_says_what_to_do(home: Path) -> None:
    with pytest.raises(UriError, match=r"runs the Python code of 'mine'.*--trust.*trust=True"):
        find_model(f"torch:mine:net?{SHAPE}", home)
    assert not (home / "it ran").exists()


def test_with_trust_the_network_is_there(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    entry = find_model(f"torch:mine:net?{SHAPE}", home, trust=True)
    assert (home / "it ran").exists()
    made = {node.op_type for node in onnx.load(entry.path).graph.node}
    assert {"Conv", "BatchNormalization", "Gemm"} <= made
    assert entry.warnings
    assert capfd.readouterr().out == ""


def test_weights_come_from_a_file(home: Path) -> None:
    from mine import net  # type: ignore[import-not-found]

    weights = net().state_dict()
    save_file(weights, home / "w.safetensors")
    entry = user_model(parse_uri(f"torch:mine:net?{SHAPE}&weights=w.safetensors"), home)
    tensors = {tensor.name: tensor for tensor in onnx.load(entry.path).graph.initializer}
    stored = onnx.numpy_helper.to_array(tensors["3.weight"])
    assert (stored == weights["3.weight"].numpy()).all()
    assert not entry.warnings


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("mine:nett", UriError, "no function 'nett'; did you mean 'net'"),
        ("yours:net", UriError, "no module 'yours'"),
        ("mine:number", ModelError, "returned int, no torch.nn.Module"),
        ("mine:fails", ModelError, "the function failed .ZeroDivisionError: oh"),
    ],
)
def test_what_is_wrong_with_the_code_is_said(
    name: str, error: type[Exception], said: str, home: Path
) -> None:
    with pytest.raises(error, match=said):
        user_model(parse_uri(f"torch:{name}?{SHAPE}"), home)


@pytest.mark.parametrize("uri", ["torch:mine", "torch:mine:a b", "torch:../mine:net"])
def test_what_is_no_function_is_refused_before_it_is_trusted(uri: str, tmp_path: Path) -> None:
    with pytest.raises(UriError, match=r"write torch:package\.module:factory"):
        find_model(uri, tmp_path, trust=True)


def test_a_wrong_shape_is_told(home: Path) -> None:
    with pytest.raises(UriError, match="shape=3xbig"):
        user_model(parse_uri("torch:mine:net?shape=3xbig"), home)
