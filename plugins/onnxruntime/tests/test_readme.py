"""The README tells of every file, offer and refusal that there is."""

from __future__ import annotations

import re
from pathlib import Path

import boildown_onnxruntime.hooks as plugin
import pytest
from boildown import Range, load_recipe
from boildown_onnxruntime.hooks import backend_info

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
FILES = sorted(path.name for path in Path(plugin.__file__).parent.glob("*.py"))
VALUES = sorted({
    str(value)
    for offer in backend_info().offers
    for name, entry in offer.accepts.items()
    if not isinstance(entry, Range) and name in {"weights", "activations", "structure", "criterion"}
    for value in entry
} - {"int6", "int5", "int4", "int3", "float32", "threshold"})  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_every_file_has_its_place_in_the_walk(file: str) -> None:
    walk = README.partition("## This plugin as an example")[2]
    assert f"`{file}`" in walk


@pytest.mark.parametrize("value", VALUES)
def test_every_value_on_offer_is_named(value: str) -> None:
    assert re.search(rf"`[^`]*\b{re.escape(value)}\b[^`]*`", README.partition("## What is")[0])


def test_every_refused_setting_is_named() -> None:
    refused = README.partition("## What is refused")[2].partition("\n## ")[0]
    for refusal in backend_info().refusals:
        word = refusal.value or refusal.setting or refusal.op
        assert re.search(rf"`[^`]*\b{word}\b[^`]*`", refused), word


def test_the_setting_of_this_backend_is_one(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block
    text = "recipe: 1\nname: readme\nsteps:\n" + block[1]
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    step = load_recipe(tmp_path / "r.yaml").steps[0]
    assert (
        step.with_["onnxruntime"].keys()
        <= backend_info().settings_schema["quantize"]["properties"].keys()
    )
