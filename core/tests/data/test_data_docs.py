from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from boildown.data.batches import batches
from boildown.data.local import local_dataset
from boildown.data.preprocessing import Preprocessing
from ruamel.yaml import YAML

PAGE = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the page's code in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the page's Python from top to bottom in an empty folder; return what it prints."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as output:
        for block in blocks("python"):
            exec(compile(block, "docs/data.md", "exec"), names)  # noqa: S102 - our own page
    return output.getvalue()


def test_the_examples_of_the_page_print_what_it_says(printed: str) -> None:
    assert printed == "".join(blocks("text"))


def test_the_arrays_of_the_page_are_a_dataset(printed: str) -> None:
    assert printed
    manifest = local_dataset("digits.npz", Path("cache"))
    assert manifest is not None
    ready = manifest.model_copy(update={"preprocessing": Preprocessing()})
    batch = next(batches(ready, "train", 16, augment=("flip", "shift")))
    assert batch.inputs["*"].shape == (16, 3, 28, 28)


def test_every_input_of_the_page_is_valid_preprocessing() -> None:
    lines = re.findall(r"^input: .*$", "\n".join(blocks("yaml")), re.MULTILINE)
    found = [Preprocessing(**YAML(typ="safe").load(line)["input"]) for line in lines]
    assert [settings.resize for settings in found] == [256, (224, 224)]


def test_the_page_lists_the_steps_of_preprocessing_in_their_order() -> None:
    sentence = PAGE[PAGE.index("in this order:") :].split(".")[0]
    named = re.findall(r"`(\w+)`", sentence)
    assert named == [name for name in Preprocessing.model_fields if name != "interpolation"]
