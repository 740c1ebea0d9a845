"""From nothing to a passing backend, by the words of docs/backends.md."""

from __future__ import annotations

import sys
from pathlib import Path

import boildown
import numpy as np
import onnx
import pytest
from boildown import OnnxRuntime
from boildown.plugins import hookspecs

from .conftest import PAGE, ROOT, Second, marked

TEMPLATE = ROOT / "docs/template"
MOST_LINES = 40
MOST_LINES_OF_A_METRIC = 15
_TABLE_ENDS = "half: 2 of 2 without a failure\n"


def test_the_template_is_what_the_page_shows() -> None:
    shown = dict(marked("template"))
    files = {path for path in TEMPLATE.rglob("*") if path.suffix in {".py", ".toml"}}
    kept = {path.relative_to(TEMPLATE).as_posix(): path.read_text() for path in files}
    assert kept == {**shown, "src/boildown_half/__init__.py": ""}


def test_a_backend_and_its_tests_take_no_more_than_forty_lines() -> None:
    texts = [text for name, text in marked("template") if name.endswith(".py")]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    assert 10 < len(lines) <= MOST_LINES


@pytest.mark.parametrize(
    "hook", [name for name, hook in vars(hookspecs).items() if hasattr(hook, "boildown_spec")]
)
def test_every_hook_of_a_backend_stands_on_the_page(hook: str) -> None:
    arguments = getattr(hookspecs, hook).__code__
    names = ", ".join(arguments.co_varnames[: arguments.co_argcount])
    assert f"`{hook}({names})`" in PAGE.read_text(encoding="utf-8")


def test_its_author_sees_a_table_of_what_is_covered(second: Second) -> None:
    ((_, command), *_more) = marked("run")
    told = second.run("bash", "-euc", command)
    table = told.partition(" offer ")[2]
    assert "quantize: weights float16" in table
    assert table.endswith(_TABLE_ENDS)


def test_its_own_tests_pass_as_well(second: Second) -> None:
    words = ("-p", "no:cacheprovider", "-q", "boildown-half/tests", "-k", "offer")
    told = second.run(str(second.python), "-m", "pytest", *words)
    assert " passed" in told


def test_it_is_checked_where_it_lives_from_a_host_that_has_it_not(second: Second) -> None:
    (second.folder / "boildown.toml").write_text('[backends.half]\npython = "venv/bin/python"\n')
    code = (
        "import importlib.metadata as m, sys; assert 'half' not in "
        "m.entry_points(group='boildown.backends').names; "
        "sys.argv = ['boildown', 'check', 'half', '--keyword', 'offer or path or light'];"
        "from boildown.cli.main import main; main()"
    )
    told = second.run(sys.executable, "-c", code)
    assert told.endswith(_TABLE_ENDS)
    (second.folder / "boildown.toml").unlink()


def test_a_value_a_source_and_an_observer_are_added_as_the_page_says(
    complete: Second, tiny: onnx.ModelProto, tmp_path: Path
) -> None:
    onnx.save(tiny, complete.folder / "tiny.onnx")
    told = complete.run(
        "bash", "-euc", marked("run")[1][1], elsewhere={"BOILDOWN_CACHE": str(tmp_path)}
    )
    assert "64 images of noise" in told
    assert set((complete.folder / "diary.txt").read_text().split()) == {"ok"}
    told = complete.run("boildown", "check", "half", "--keyword", "half:short")
    assert told.endswith("half: 1 of 1 without a failure\n")


def test_a_metric_judges_a_network_of_two_outputs_as_the_page_says(
    complete: Second, two_outputs: onnx.ModelProto, tmp_path: Path
) -> None:
    onnx.save(two_outputs, complete.folder / "two.onnx")
    (complete.folder / "two.yaml").write_text("task: regression\n")
    random = np.random.default_rng(0)
    images = random.normal(size=(50, 3, 8, 8)).astype(np.float32)
    depth, angle = OnnxRuntime(complete.folder / "two.onnx").run({"x": images}).values()
    truth = {"test_y.angle": angle - 3.0, "test_y.depth": depth + 1.0}
    np.savez(complete.folder / "two.npz", test_x=images, **truth)
    ((_, command),) = marked("metric")
    complete.run("bash", "-euc", command, elsewhere={"BOILDOWN_CACHE": str(tmp_path)})
    results = boildown.load_results(complete.folder / "boildown-out")
    (found,) = results.rows[0].quality.metrics
    assert (found.name, found.n, found.higher_is_better) == ("mae", 50, False)
    assert found.value == pytest.approx(2, abs=0.1)
    assert 0 < abs(found.difference) < 0.1
    assert results.rows[0].quality.sqnr_output == "angle"


def test_a_metric_takes_no_more_than_fifteen_lines() -> None:
    text = dict(marked("template+"))["src/boildown_half/metrics.py"]
    assert len([line for line in text.splitlines() if line.strip()]) <= MOST_LINES_OF_A_METRIC
