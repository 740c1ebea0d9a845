"""Models, data and a backend whose runtime misbehaves on request, for tests of measuring."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, Context, DataManifest, Split
from boildown.job.process import Limits
from boildown.measuring.bench import Bench
from boildown.measuring.requests import Outputs, Target
from onnx import TensorProto, helper, numpy_helper

CLASSES = 10
BACKEND = Path(__file__).parent / "mimic_backend.py"


def tower(path: Path, *, convs: int = 2, batch: int | str = "N", seed: int = 0) -> Path:
    """Write a 3x8x8 -> 10 classifier of `convs` equal convolutions at `path`."""
    rng = np.random.default_rng(seed)
    weights = {f"w{i}": rng.standard_normal((8, 3 if i == 0 else 8, 3, 3)) for i in range(convs)}
    weights["fc"] = rng.standard_normal((8, CLASSES))
    nodes, last = [], "x"
    for i in range(convs):
        nodes.append(helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Tanh", [f"c{i}"], [f"t{i}"]))
        last = f"t{i}"
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "fc"], ["y"]),
    ]
    return save(
        path,
        nodes,
        {"x": [batch, 3, 8, 8]},
        {"y": [batch, CLASSES]},
        {name: array.astype(np.float32) for name, array in weights.items()},
    )


def doubled(path: Path, *, length: int, repeats: int) -> Path:
    """Write a chain of `repeats` equal layers: twice the repeats is twice the work."""
    weight = np.random.default_rng(0).standard_normal((length, length)).astype(np.float32)
    nodes, last = [], "x"
    for i in range(repeats):
        nodes.append(helper.make_node("MatMul", [last, "w"], [f"m{i}"]))
        nodes.append(helper.make_node("Tanh", [f"m{i}"], [f"t{i}"]))
        last = f"t{i}"
    nodes.append(helper.make_node("Identity", [last], ["y"]))
    return save(path, nodes, {"x": ["N", length]}, {"y": ["N", length]}, {"w": weight})


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    weights: dict[str, np.ndarray] | None = None,
    *,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """Write a checked ONNX file."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def write_data(folder: Path, *, n: int = 70, labelled: bool = True) -> DataManifest:
    """Write seeded float inputs for a tower, with labels where wanted."""
    rng = np.random.default_rng(1)
    arrays: dict[str, Any] = {"test_x": rng.standard_normal((n, 3, 8, 8)).astype(np.float32)}
    if labelled:
        arrays["test_y"] = rng.integers(0, CLASSES, n)
    path = folder / "data.npz"
    np.savez(path, **arrays)
    split = Split(
        path=path,
        inputs={"x": "test_x"},
        labels="test_y" if labelled else None,
        count=n,
        labelled=labelled,
    )
    return DataManifest(uri=f"npz:{path}", kind="arrays", splits={"test": split})


def stored(
    folder: Path, scores: np.ndarray, labels: np.ndarray | None = None, *extra: np.ndarray
) -> Outputs:
    """Store arrays as the outputs of a target."""
    folder.mkdir(parents=True)
    arrays = (scores, *extra)
    for index, array in enumerate(arrays):
        np.save(folder / f"output{index}.npy", array.astype(np.float32))
    if labels is not None:
        known = np.isfinite(labels).all()  # else they are no classes
        np.save(folder / "labels.npy", labels.astype(np.int64) if known else labels)
    finite = np.isfinite(scores.reshape(len(scores), -1)).all(axis=1)
    return Outputs(
        folder=folder,
        names=tuple(f"y{index}" for index in range(len(arrays))),
        n=len(scores),
        labelled=labels is not None,
        non_finite=int((~finite).sum()),
        batch=32,
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a bench with a limit that no honest test reaches."""
    return Bench(workdir=tmp_path / "work", log=tmp_path / "log", limits=Limits(seconds=60))


@pytest.fixture
def make_tower(tmp_path: Path) -> Callable[..., Path]:
    """Return `tower` that writes below the test's folder, by file name."""
    return lambda name="tower.onnx", **how: tower(tmp_path / name, **how)


@pytest.fixture
def make_chain(tmp_path: Path) -> Callable[..., Path]:
    """Return `doubled` that writes below the test's folder, by file name."""
    return lambda name, **how: doubled(tmp_path / name, **how)


@pytest.fixture
def save_model(tmp_path: Path) -> Callable[..., Path]:
    """Return `save` that writes below the test's folder, by file name."""
    return lambda name, *what, **how: save(tmp_path / name, *what, **how)


@pytest.fixture
def make_data(tmp_path: Path) -> Callable[..., DataManifest]:
    """Return `write_data` that writes into the test's folder."""
    return lambda **how: write_data(tmp_path, **how)


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Outputs]:
    """Return `stored` that writes into a folder of the test by name."""
    return lambda name, *arrays: stored(tmp_path / name, *arrays)


@pytest.fixture
def onnx_target() -> Callable[..., Target]:
    """Return a function that makes a target of ONNX Runtime."""
    return lambda path, name="float32": Target(name=name, artifact=Artifact(path=path))


@pytest.fixture
def mimic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Target]]:
    """Install a backend that runs ONNX, and return a function that makes targets of it."""
    site = tmp_path / "site"
    info = site / "boildown_mimic-1.0.dist-info"
    info.mkdir(parents=True)
    package = site / "boildown_mimic"
    package.mkdir()
    (package / "__init__.py").write_bytes(b"")
    (package / "hooks.py").write_bytes(BACKEND.read_bytes())
    (package / "runtime.py").write_text("import onnxruntime\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boildown-mimic\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[boildown.backends]\nmimic = boildown_mimic.hooks\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    for module in ("boildown_mimic", "boildown_mimic.hooks", "boildown_mimic.runtime"):
        monkeypatch.delitem(sys.modules, module, raising=False)

    def target(path: Path, name: str = "deployable", **settings: object) -> Target:
        context = Context(workdir=tmp_path, original=Artifact(path=path), settings=settings)
        return Target(name=name, artifact=Artifact(path=path), backend="mimic", context=context)

    yield target
    for module in [name for name in sys.modules if name.startswith("boildown_mimic")]:
        del sys.modules[module]
