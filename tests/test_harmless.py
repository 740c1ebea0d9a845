"""Whatever a recipe or a model says, a run writes to its folder and the cache, and runs nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import onnx
import pytest

WITNESS = Path(__file__).with_name("witness.py")
#: This Python, which workers run in; the kernel's reset of the peak memory; Python's `platform`.
ALLOWED = (f"program:{sys.executable}", "/proc/self/clear_refs", "program:uname", "/dev/null")
UP = "../../../outside"
RECIPE = """recipe: 1
name: mine
steps:
  - quantize: {weights: int8, activations: int8}
"""

Compare = Callable[..., set[str]]


def renamed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give everything in the model a name that is a path out of the folder."""
    graph = model.graph
    for node in graph.node:
        node.name = f"{UP}/{node.name}"
        node.input[:] = [f"{UP}/{name}" for name in node.input]
        node.output[:] = [f"{UP}/{name}" for name in node.output]
    for item in (graph, *graph.initializer, *graph.input, *graph.output):
        item.name = f"{UP}/{item.name}"
    return model


@pytest.fixture
def compare(surroundings: Mapping[str, str], data: str, tmp_path: Path) -> Compare:
    """Return a function that compares, and returns the places written to that are not ours."""
    site, testimony = tmp_path / "site", tmp_path / "testimony"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_bytes(WITNESS.read_bytes())
    (tmp_path / "mine.yaml").write_text(RECIPE)
    own = {"PYTHONPATH": str(site), "WITNESS": str(testimony), "PYTHONDONTWRITEBYTECODE": "1"}
    own |= {"BOILDOWN_CACHE": str(tmp_path / "cache"), "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()

    def run(recipe: str, backend: str) -> set[str]:
        program = [str(Path(sys.executable).with_name("boildown")), "compare", recipe, "--data"]
        words = [data, "--model", "net.onnx", "--backend", backend, "--timing-seconds", "0.05"]
        subprocess.run(
            [*program, *words], cwd=tmp_path, env={**surroundings, **own}, check=False,
            capture_output=True,
        )  # fmt: skip
        ours = ("cache", "temporary", "boildown-out")
        allowed = (*(f"{tmp_path / name}" for name in ours), *ALLOWED)
        seen = set(testimony.read_text().splitlines())
        assert any(path.startswith(f"{tmp_path / 'cache'}") for path in seen)
        # A file without a name tells whether the folder of the results may be written to.
        return {path for path in seen if not path.startswith(allowed)} - {str(tmp_path)}

    return run


def test_names_that_are_paths_lead_nowhere(
    compare: Compare, tiny: onnx.ModelProto, tmp_path: Path
) -> None:
    onnx.save(renamed(tiny), tmp_path / "net.onnx")
    before = set(tmp_path.iterdir())
    assert compare("mine.yaml", "onnxruntime") == set()
    new = {path.name for path in set(tmp_path.iterdir()) - before}
    assert new <= {"boildown-out", "cache", "testimony"}
    assert (tmp_path / "boildown-out" / "comparison.json").exists()


def test_a_backend_that_writes_elsewhere_is_seen(
    compare: Compare, rounding: str, tiny: onnx.ModelProto, tmp_path: Path
) -> None:
    onnx.save(tiny, tmp_path / "net.onnx")
    hooks = tmp_path / "site" / "boildown_rounding" / "hooks.py"
    hooks.write_text(hooks.read_text() + "\n\nopen('../../../../elsewhere', 'w').close()\n")
    assert any("elsewhere" in path for path in compare("float16", rounding))
