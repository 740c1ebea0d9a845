"""What tests across packages share: the core's tiny model and backend, the command, processes."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown.cli.main import main
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).parents[1]

_spec = importlib.util.spec_from_file_location("core_fixtures", ROOT / "core/tests/conftest.py")
assert _spec is not None
assert _spec.loader is not None
_core = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_core)
tiny, model_path, data = _core.tiny, _core.model_path, _core.data
rounding, cache = _core.rounding, _core.cache

Command = Callable[..., subprocess.CompletedProcess[str]]
_started: list[str] = []


def _see(event: str, arguments: tuple[Any, ...]) -> None:
    """Write down what kind of work each process of boildown's is started for."""
    if event != "subprocess.Popen":
        return
    words = [str(word) for word in arguments[1]]
    if "boildown.measuring" in words:
        _started.append(json.loads(Path(words[-2]).read_bytes())["request"]["kind"])
    elif "boildown.job.worker" in words:
        _started.append(json.loads(Path(words[-2]).read_bytes())["kind"])


sys.addaudithook(_see)


@pytest.fixture
def started() -> list[str]:
    """Fill with the kind of every job and measurement that this process starts from now on."""
    _started.clear()
    return _started


@pytest.fixture(scope="session")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return the environment of somebody who has installed boildown and activated it."""
    own = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    return {**own, "PATH": path, "BOILDOWN_CACHE": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="session")
def two_outputs() -> onnx.ModelProto:
    """Return a network with a map and a vector as outputs, 3x8x8 -> depth 1x8x8 and angle 2."""
    random = np.random.default_rng(0)
    shapes = {"body": (32, 3, 3, 3), "map": (1, 32, 3, 3), "vector": (32, 2)}
    weights = [
        numpy_helper.from_array(random.normal(0, 0.2, shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "body"], ["b"], name="body", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["b"], ["r"]),
        helper.make_node("Conv", ["r", "map"], ["depth"], name="map", pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "vector"], ["angle"], name="vector"),
    ]
    ports = {"x": (3, 8, 8), "depth": (1, 8, 8), "angle": (2,)}
    x, *outputs = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
        for name, shape in ports.items()
    )
    graph = helper.make_graph(nodes, "two", [x], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.fixture
def command(surroundings: Mapping[str, str], tmp_path: Path) -> Command:
    """Return a function that runs `boildown` with words in the test's folder."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        own = {**surroundings, "BOILDOWN_CACHE": str(tmp_path / "cache")}
        own |= {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        program = str(Path(sys.executable).with_name("boildown"))
        return subprocess.run(
            [program, *map(str, words)],
            cwd=tmp_path,
            env=own,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def refusal(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs `boildown` in this process and returns the error it ends with.

    It checks what is true of every wrong input: exit code 2, one paragraph, nothing half-written.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def run(*words: object) -> str:
        before = set(tmp_path.rglob("*"))
        monkeypatch.setattr(sys, "argv", ["boildown", *map(str, words)])
        with pytest.raises(SystemExit) as ending:
            main()
        said = capfd.readouterr().err
        assert ending.value.code == 2, said
        _head, mark, paragraph = said.partition("error: ")
        assert mark
        assert "\n\n" not in paragraph.strip()
        assert "Traceback" not in said
        new = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
        new = {path for path in new if path.suffix != ".pyc"}
        assert {path for path in new if not path.is_relative_to(cache)} == set()
        assert {path for path in new if path.name[0] == "." or path.suffix == ".partial"} == set()
        assert not (cache / "jobs").exists()
        return paragraph

    return run


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Let SIGINT reach what is started here: a runner in the background would pass on to ignore it.

    A handler of one's own becomes the default one in a child; a signal that is ignored stays so.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
