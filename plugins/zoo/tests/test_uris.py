"""Names are understood exactly, and a wrong one is answered with the right one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from boildown import UriError
from boildown_zoo.hooks import list_datasets, list_models, provide_dataset, provide_model


@pytest.mark.parametrize("uri", ["images:photos", "model.onnx", "torchvision:mobilenet_v2"])
def test_a_uri_of_another_source_is_left_to_it(uri: str) -> None:
    assert provide_model(uri) is None
    assert provide_dataset(uri) is None


@pytest.mark.parametrize("wrong", ["mobilnet_v2", "MobileNetV2", "mobilenet-v2"])
def test_a_misspelt_model_is_answered_with_the_nearest_name(wrong: str) -> None:
    with pytest.raises(UriError, match=rf"zoo:{wrong}.*did you mean 'mobilenet_v2'\?"):
        provide_model(f"zoo:{wrong}")


def test_a_model_that_resembles_nothing_is_answered_with_the_list() -> None:
    with pytest.raises(UriError, match=r"known: mobilenet_v2, resnet50, squeezenet1_1\)$"):
        provide_model("zoo:qqq")


@pytest.mark.parametrize(
    ("uri", "answer"),
    [
        ("zoo:fashion_mnist", "did you mean 'fashion-mnist'"),
        ("zoo:fashion-mnist?splt=test", "did you mean 'split'"),
        ("zoo:fashion-mnist?split=tests", "did you mean 'test'"),
        ("zoo:fashion-mnist?split=train&split=test", "given twice"),
    ],
)
def test_a_misspelt_dataset_is_answered_with_what_was_meant(uri: str, answer: str) -> None:
    with pytest.raises(UriError, match=answer):
        provide_dataset(uri)


def test_a_model_takes_no_parameters() -> None:
    with pytest.raises(UriError, match="unknown parameter 'weights'"):
        provide_model("zoo:resnet50?weights=mine")


def test_everything_listed_is_provided() -> None:
    for listing in list_models():
        assert provide_model(listing.uri) is not None
    for listing in list_datasets():
        assert provide_dataset(listing.uri) is not None


def test_the_hooks_import_no_toolkit() -> None:
    code = "import sys, boildown_zoo.hooks as h; h.list_models(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "torchvision", "onnx", "onnxruntime"} & set(run.stdout.split())
