"""The command line as its user meets it: exit codes, one-paragraph errors, nothing heavy loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("rounding", "cache")

HEAVY = ("torch", "tensorflow", "coremltools", "nni", "onnxruntime")


def boildown(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "boildown.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    command = [sys.executable, "-c", script]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return set(answer.stderr.splitlines())


@pytest.mark.parametrize(
    "code",
    [
        "import boildown",
        "from boildown.cli.main import app; app(['--help'], standalone_mode=False)",
        "from boildown.cli.main import app; app(['compare', '--help'], standalone_mode=False)",
        "from boildown.cli.main import app; app(['plan', 'float16'], standalone_mode=False)",
        "from boildown.cli.main import app; app(['backends'], standalone_mode=False)",
    ],
)
def test_neither_toolkit_nor_runtime_is_imported(code: str) -> None:
    loaded = modules_after(code)
    assert "boildown" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_control_of_the_import_test_sees_a_heavy_import() -> None:
    assert "onnxruntime" in modules_after("import boildown, onnxruntime")


def test_a_comparison_prints_its_table_and_ends_with_0(
    model_path: Path, data: str, tmp_path: Path
) -> None:
    words = ["compare", "float16", "--model", str(model_path), "--backend", "rounding"]
    more = ["--data", data, "--timing-seconds", "0.1", "--out", str(tmp_path / "out")]
    answer = boildown(*words, *more)
    assert answer.returncode == 0, answer.stderr
    assert "float16" in answer.stdout
    assert "1 result: 1 ok" in answer.stdout
    assert "Traceback" not in answer.stderr


def test_a_row_that_is_not_ok_ends_with_1(model_path: Path, data: str, tmp_path: Path) -> None:
    words = ["compare", "int8-weights", "--model", str(model_path), "--backend", "rounding"]
    answer = boildown(*words, "--data", data, "--out", str(tmp_path / "out"))
    assert answer.returncode == 1
    assert "unsupported" in answer.stdout
    again = boildown("measure", "out", cwd=tmp_path)
    assert again.returncode == 1, again.stderr
    assert "unsupported" in again.stdout


def test_a_row_that_is_allowed_not_to_be_ok_ends_with_0(
    model_path: Path, data: str, tmp_path: Path
) -> None:
    recipe = tmp_path / "lenient.yaml"
    recipe.write_text(
        "recipe: 1\nname: lenient\nallow: [unsupported]\nsteps: [{quantize: {weights: int8}}]\n"
    )
    words = ["compare", str(recipe), "--model", str(model_path), "--backend", "rounding"]
    answer = boildown(*words, "--data", data, "--out", str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stderr
    again = boildown("measure", "out", cwd=tmp_path)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "flaot16"], "did you mean 'float16'"),
        (["compare", "float16"], "names no model"),
        (["compare", "float16", "--model", "no.onnx"], "no model file no.onnx"),
        (["run", "float16", "--model", "no.onnx"], "say which backend"),
        (["plan", "float16", "--backend", "roundin"], "did you mean 'rounding'"),
        (["inspect", "no.onnx"], "no model file no.onnx"),
        (["schema", "resipe"], "did you mean 'recipe'"),
        (["export", "nowhere", "1", "dest"], "nowhere"),
        (["compar"], "compare"),
        (["compare", "float16", "--samples", "0"], "--samples"),
        (["compare", "float16", "--jobs", "257"], "--jobs"),
        (["plan", "float16", "--data", ""], "data: String should have"),
    ],
)
def test_ordinary_mistakes_are_one_clear_error_with_exit_code_2(
    words: list[str], said: str, tmp_path: Path
) -> None:
    answer = boildown(*words, cwd=tmp_path)
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.glob("boildown-out")) == []


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    answer = boildown("--debug", "compare", "flaot16", cwd=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" in answer.stderr


@pytest.mark.parametrize("what", ["recipe", "comparison", "job", "result"])
def test_every_schema_is_json(what: str) -> None:
    assert json.loads(boildown("schema", what).stdout)["type"] == "object"


def test_listings_name_what_there_is() -> None:
    assert "int8-static" in boildown("recipes").stdout
    assert "rounding" in boildown("backends").stdout
    assert "images:FOLDER" in boildown("datasets").stdout
    assert boildown("--version").stdout.startswith("boildown ")


def test_inspect_shows_layers_and_totals(model_path: Path) -> None:
    answer = boildown("inspect", str(model_path))
    assert answer.returncode == 0, answer.stderr
    assert "conv" in answer.stdout
    assert "164 parameters" in answer.stdout


def test_plan_says_yes_and_no_with_reasons() -> None:
    answer = boildown("plan", "float16", "int8-weights", "--backend", "rounding")
    assert answer.returncode == 1
    assert "yes" in answer.stdout
    assert "float16" in answer.stdout
    assert "int8" in answer.stdout


def test_plan_in_a_pipe_cuts_no_setting_off(tmp_path: Path) -> None:
    step = "{quantize: {weights: int8, activations: int8, granularity: tensor, observer: mse}}"
    (tmp_path / "r.yaml").write_text(f"recipe: 1\nname: long\nsteps: [{step}]\n")
    answer = boildown("plan", "r.yaml", "--backend", "rounding", cwd=tmp_path)
    assert "…" not in answer.stdout
    for setting in ("weights=int8", "activations=int8", "granularity=tensor", "observer=mse"):
        assert setting in answer.stdout


def test_plan_refuses_a_setting_that_the_backend_does_not_know(tmp_path: Path) -> None:
    step = "{quantize: {weights: float16}, with: {rounding: {behav: print}}}"
    (tmp_path / "r.yaml").write_text(f"recipe: 1\nname: slip\nsteps: [{step}]\n")
    answer = boildown("plan", "r.yaml", "--backend", "rounding", cwd=tmp_path)
    assert answer.returncode == 2
    assert "with.rounding.behav: unknown key" in answer.stderr


def test_a_row_can_be_exported(model_path: Path, data: str, tmp_path: Path) -> None:
    out, dest = tmp_path / "out", tmp_path / "shipped"
    words = ["run", "float16", "--model", str(model_path), "--backend", "rounding"]
    boildown(*words, "--data", data, "--timing-seconds", "0.1", "--out", str(out))
    answer = boildown("export", str(out), "1", str(dest))
    assert answer.returncode == 0, answer.stderr
    card = json.loads((dest / "card.json").read_text())
    assert card["inputs"][0]["name"] == "x"
