"""Broken images, and files that mean harm: clear words, the right exit code, nothing done."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import external_data_helper
from PIL import Image

Command = Callable[..., subprocess.CompletedProcess[str]]
CLASSES = ("ant", "bee", "cat", "dog")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Write images of four classes, six to train and six to test for each."""
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in CLASSES:
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for number in range(6):
                pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def compare(command: Command, model_path: Path, photos: Path) -> Command:
    model_path.with_suffix(".yaml").write_text("input: {resize: [8, 8]}\n")
    words = ("--model", model_path, "--data", f"images:{photos}", "--timing-seconds", "0.05")
    return lambda *more: command("compare", "int8-static", "--backend", "onnxruntime", *words)


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def refused(answer: subprocess.CompletedProcess[str], said: str) -> None:
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_images_that_can_be_read_are_compared(compare: Command) -> None:
    answer = compare()
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("name", CLASSES[::3])
def test_a_broken_first_image_of_any_class_stops_before_any_job(
    compare: Command, photos: Path, tmp_path: Path, name: str
) -> None:
    spoil(photos / "test" / name / "0.png")
    refused(compare(), f"{name}/0.png")
    assert not (tmp_path / "boildown-out").exists()
    assert not (tmp_path / "cache" / "jobs").exists()


def test_all_broken_first_images_are_told_at_once(compare: Command, photos: Path) -> None:
    for name in ("ant", "dog"):
        spoil(photos / "test" / name / "0.png")
    answer = compare()
    refused(answer, "ant/0.png")
    refused(answer, "dog/0.png")


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_image_that_is_broken_later_fails_its_row_and_is_named(
    compare: Command, photos: Path, split: str
) -> None:
    spoil(photos / split / "cat" / "4.png")
    answer = compare()
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "1 failed" in answer.stdout
    assert "cat/4.png" in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


@pytest.mark.parametrize(
    "tag",
    ["!!python/object/apply:os.system", "!!python/object/new:os.system", "!import_call", "!!map"],
)
def test_a_recipe_that_names_code_is_refused_and_runs_nothing(
    command: Command, tmp_path: Path, tag: str
) -> None:
    recipe = tmp_path / "evil.yaml"
    recipe.write_text(f"recipe: 1\nname: {tag} ['touch pwned']\nsteps: [quantize: {{}}]\n")
    refused(command("compare", recipe, "--model", "zoo:mobilenet_v2"), "evil.yaml")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("verb", ["compare", "inspect"])
def test_weights_outside_the_folder_of_the_model_are_not_read(
    command: Command, tiny: onnx.ModelProto, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(10_000))
    path = tmp_path / "models" / "net.onnx"
    path.parent.mkdir()
    external_data_helper.set_external_data(tiny.graph.initializer[0], "../secret.bin")
    tiny.graph.initializer[0].ClearField("raw_data")
    path.write_bytes(tiny.SerializeToString())
    more = ("int8-weights", "--model", path) if verb == "compare" else (path,)
    refused(command(verb, *more), "conv.weight")
    assert not (tmp_path / "boildown-out").exists()
