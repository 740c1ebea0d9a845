"""The study on somebody's own ImageNet: `benchmarks/full_size.py` on a small fake of it."""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import DataError, compare
from PIL import Image

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NAME = "mobilenet_v2"
CLASSES = 1000
PHOTOS = 12


def benchmark(name: str) -> Any:
    """Return a benchmark as a module."""
    sys.path.insert(0, str(BENCHMARKS))
    module = importlib.import_module(name)
    sys.path.remove(str(BENCHMARKS))
    return module


@pytest.fixture(scope="module")
def inputs() -> Callable[..., Any]:
    """Return a function that reads the options of the benchmark."""
    module = benchmark("full_size_inputs")

    def read(folder: Path, *words: object) -> Any:
        parser = argparse.ArgumentParser()
        module.add_options(parser)
        return module.inputs(parser.parse_args([*map(str, words)]), folder)

    return read


def synset(number: int) -> str:
    """Return a folder's name; in ImageNet too their sorted order is that of the classes."""
    return f"n{number * 13 + 1440764:08d}"


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write weights, and images that lie where torchvision's own pipeline classifies them."""
    import torch
    from boildown_torch.sources.vision import torchvision_models

    folder, models = tmp_path_factory.mktemp("imagenet"), torchvision_models()
    torch.manual_seed(0)
    network = models.get_model(NAME, weights=None).eval()
    transforms = models.get_model_weights(NAME).DEFAULT.transforms()
    random = np.random.default_rng(0)
    photos = [
        Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8)).resize((300, 260))
        for _ in range(PHOTOS)
    ]
    batch = torch.stack([transforms(photo) for photo in photos])
    with torch.no_grad():
        network.classifier[1].weight *= 1e3
        # Without their mean the outputs tell the photos apart.
        network.classifier[1].bias -= network(batch).mean(0)
        classes = network(batch).argmax(1).tolist()
    assert len(set(classes)) > PHOTOS // 2
    (folder / "weights").mkdir()
    torch.save(network.state_dict(), folder / "weights" / f"{NAME}-0123abcd.pth")
    for place, (photo, number) in enumerate(zip(photos, classes, strict=True)):
        other = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        for split, image in (("val", photo), ("train", other)):
            where = folder / "images" / split / synset(number)
            where.mkdir(parents=True, exist_ok=True)
            image.save(where / f"{place}.png")
    order = [synset(number) for number in range(CLASSES)]
    (folder / "classes.txt").write_text("\n".join(order))
    (folder / "reversed.txt").write_text("\n".join(order[::-1]))
    return folder


def own(inputs: Callable[..., Any], imagenet: Path, folder: Path, *words: object) -> Any:
    """Return the inputs of somebody who has weights and images."""
    given = ("--weights", imagenet / "weights", "--imagenet", imagenet / "images", *words)
    return inputs(folder, "--models", f"torchvision:{NAME}", *given)


def top1(given: Any, folder: Path) -> tuple[float | None, int]:
    """Return what the float network gets right, and of how many."""
    results = compare(
        "float16",
        models=given.models[f"torchvision:{NAME}"],
        backends="onnxruntime",
        data=given.data,
        out=folder / "out",
        timing_seconds=0.02,
        cache=folder / "cache",
    )
    quality = results.comparison.models[0].baseline.quality
    assert quality is not None
    return quality.metrics[0].value, quality.metrics[0].n


@pytest.mark.parametrize(("order", "right"), [("classes.txt", 1), ("reversed.txt", 0)])
def test_images_are_judged_by_the_order_of_the_classes(
    inputs: Callable[..., Any], imagenet: Path, tmp_path: Path, order: str, right: int
) -> None:
    given = own(inputs, imagenet, tmp_path, "--classes", imagenet / order)
    assert given.imagenet
    assert top1(given, tmp_path) == (right, PHOTOS)


def test_images_of_other_classes_are_other_images(
    inputs: Callable[..., Any], imagenet: Path, tmp_path: Path
) -> None:
    def identity(order: str, images: Path = imagenet / "images") -> str:
        words = ("--imagenet", images, "--classes", imagenet / order)
        return str(own(inputs, imagenet, tmp_path, *words).identity["images"])

    assert identity("classes.txt") != identity("reversed.txt")
    moved = tmp_path / "moved"
    shutil.copytree(imagenet / "images", moved)
    assert identity("classes.txt", moved) == identity("classes.txt")
    photo = next((moved / "val").rglob("*.png"))
    (moved / "val" / "another").mkdir()
    photo.rename(moved / "val" / "another" / photo.name)
    assert identity("classes.txt", moved) != identity("classes.txt")


def test_some_of_the_classes_need_their_order(
    inputs: Callable[..., Any], imagenet: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="add classes=FILE"):
        top1(own(inputs, imagenet, tmp_path), tmp_path)


def test_without_trained_weights_no_accuracy_is_promised(
    inputs: Callable[..., Any], imagenet: Path, tmp_path: Path
) -> None:
    given = inputs(tmp_path)
    assert not given.imagenet
    assert "random" in given.words
    with pytest.raises(SystemExit, match="name their weights"):
        inputs(tmp_path, "--imagenet", imagenet / "images")


def test_weights_are_found_by_the_name_of_the_network(
    inputs: Callable[..., Any], imagenet: Path, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="has no weights for resnet50"):
        inputs(tmp_path, "--weights", imagenet / "weights", "--models", "torchvision:resnet50")


def test_accuracy_is_told_and_nothing_is_measured_twice(
    imagenet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_size = benchmark("full_size")
    what = benchmark("onnxruntime_full_size").FULL_SIZE
    monkeypatch.setattr(full_size, "SECONDS", 0.02)
    monkeypatch.setenv("BOILDOWN_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "own"

    weights = ["--weights", imagenet / "weights", "--models", f"torchvision:{NAME}"]
    images = ["--imagenet", imagenet / "images", "--classes", imagenet / "classes.txt"]

    def run(*given: object) -> tuple[list[dict[str, Any]], int]:
        words = [*weights, *given, "--out", out, "--methods", "float16"]
        full_size.run(what, [str(word) for word in words])
        record = json.loads(out.with_suffix(".json").read_text())
        return record["rows"], len(record["runs"])

    (row,), runs = run(*images)
    assert (row["model"], row["recipe"], runs) == (f"torchvision:{NAME}", "float16", 1)
    (metric,) = row["quality"]["metrics"][:1]
    assert (metric["name"], metric["n"]) == ("top1", PHOTOS)
    assert metric["value"] > 0.5
    assert run(*images) == ([row], 1)
    with pytest.raises(SystemExit, match="other weights or images"):
        run()
    assert "images are the user's own: ImageNet" in out.with_suffix(".md").read_text()


def test_nothing_is_trained_on_somebodys_images() -> None:
    what = benchmark("torch_full_size").FULL_SIZE
    of = benchmark("full_size").missing
    for imagenet, left_out in ((False, set()), (True, {*what.trained})):
        cells = of(what, [], ["any"], what.methods, imagenet=imagenet)
        assert {method for _, method in cells} == {*what.methods} - left_out
    assert what.trained


def test_a_record_goes_on_with_some_of_its_networks_and_never_with_others(tmp_path: Path) -> None:
    full_size = benchmark("full_size")
    what = benchmark("onnxruntime_full_size").FULL_SIZE

    def record(**identity: str) -> dict[str, Any]:
        given = benchmark("full_size_inputs").Inputs({}, "", "words", identity)
        found: dict[str, Any] = full_size._record(what, tmp_path / "out", given)
        return found

    made = record(a="1", b="2") | {"rows": [{"model": "a"}]}
    (tmp_path / "out.json").write_text(json.dumps(made))
    assert record(a="1")["identity"] == {"a": "1", "b": "2"}
    for other in ({"a": "3"}, {}, {"a": "1", "images": "4"}):
        with pytest.raises(SystemExit, match="of other weights or images"):
            record(**other)
