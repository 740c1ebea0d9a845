"""What README and docs show is run: blocks below `<!-- test -->`, on files of a stranger's.

`<!-- file: NAME -->` above a block makes it that file, before any block of the page runs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boildown
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
RECIPES = ("int8-static", "float16", "palettize-4bit")
#: How the pages' commands differ here from what a reader types: less data, less timing.
#: A command that names no backend runs on all.
BACKENDS = ("onnxruntime",)
SHORTER = "--samples 300 --timing-seconds 0.1"

_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^>\n]*) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page with the mark above it."""

    mark: str
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    return [Block(m["mark"] or "", m["language"], m["text"]) for m in _FENCE.finditer(text)]


def page(name: str) -> list[Block]:
    return blocks((ROOT / name).read_text(encoding="utf-8"))


def run(found: list[Block], folder: Path, environment: Mapping[str, str]) -> None:
    """Write the files among the blocks, then run what is marked, from top to bottom."""
    for block in found:
        if block.mark.startswith("file: "):
            (folder / block.mark.removeprefix("file: ")).write_text(block.text)
    for block in [block for block in found if block.mark == "test"]:
        program = {"sh": ["bash", "-eu", "-c"], "python": [sys.executable, "-W", "error", "-c"]}
        answer = subprocess.run(
            [*program[block.language], block.text],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"{block.text}\n{answer.stdout}\n{answer.stderr}"


@pytest.fixture(scope="module")
def environment(
    surroundings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """Put a `boildown` before the real one that compares on less."""
    folder = tmp_path_factory.mktemp("bin")
    real = Path(sys.executable).with_name("boildown")
    shorter = folder / "boildown"
    shorter.write_text(
        f'#!/bin/sh\n[ "$1" = compare ] && set -- "$@" {SHORTER}\nexec "{real}" "$@"\n'
    )
    shorter.chmod(0o755)
    return {**surroundings, "PATH": f"{folder}:{surroundings['PATH']}"}


@pytest.fixture(scope="module")
def folder(environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Follow the README with a network and images of one's own; return the folder of all that."""
    own = tmp_path_factory.mktemp("stranger")
    subprocess.run([sys.executable, str(ROOT / "tests/stranger.py"), str(own)], check=True)
    run(page("README.md"), own, environment)
    return own


@pytest.fixture(scope="module")
def results(folder: Path) -> boildown.Results:
    """Return what came of the network and images of one's own."""
    return boildown.load_results(folder / "mine")


def test_a_network_of_ones_own_is_compared_in_three_commands(results: boildown.Results) -> None:
    found = {(row.recipe, row.backend, row.status, row.reason) for row in results.rows}
    assert found == {(recipe, name, "ok", "") for recipe in RECIPES for name in BACKENDS}
    (network,) = results.comparison.models
    assert network.uri == "net.onnx"
    assert network.preprocessing is not None
    assert network.preprocessing.crop == (224, 224)


def test_preprocessing_and_labels_beside_the_file_make_every_answer_right(
    results: boildown.Results,
) -> None:
    for row in results.rows:
        assert row.quality is not None
        top1 = row.quality.metrics[0]
        assert (top1.name, top1.value, top1.n) == ("top1", 1, 36), row.recipe


def test_what_is_exported_answers_as_its_card_says(folder: Path) -> None:
    import onnxruntime

    shipped = folder / "shipped"
    card = json.loads((shipped / "card.json").read_text())
    assert (shipped / card["labels"]).read_text() == "red\ngreen\nblue\n"
    golden = np.load(shipped / card["golden"]["path"])
    session = onnxruntime.InferenceSession(
        str(shipped / card["path"]), providers=["CPUExecutionProvider"]
    )
    inputs = {port["name"]: golden[f"input.{port['name']}"] for port in card["inputs"]}
    for port, scores in zip(card["outputs"], session.run(None, inputs), strict=True):
        np.testing.assert_allclose(scores, golden[f"output.{port['name']}"], atol=1e-5)


@pytest.mark.parametrize("name", PAGES)
def test_a_block_that_is_a_command_is_run_or_installs(name: str) -> None:
    commands = [block for block in page(name) if block.language == "sh" and not block.mark]
    assert [block.text for block in commands if "pip install" not in block.text] == []


def test_the_commands_that_are_run_are_not_few() -> None:
    marked = [block.language for block in page("README.md") if block.mark == "test"]
    assert sorted(marked) == ["python", "sh", "sh", "sh"]


@pytest.mark.parametrize(
    ("language", "text"),
    [("sh", "true; false; true"), ("sh", "boildown cmpare"), ("python", "1 / 0")],
)
def test_a_block_that_fails_is_told(
    environment: Mapping[str, str], tmp_path: Path, language: str, text: str
) -> None:
    with pytest.raises(AssertionError, match=text.rsplit(maxsplit=1)[-1]):
        run([Block("test", language, text)], tmp_path, environment)
