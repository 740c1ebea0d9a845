"""Files that take images and name classes: their accuracy is that of what they do to pixels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, Context, Preprocessing, UnsupportedError
from boildown.testing.graphs import GRAPHS
from boildown_coreml import hooks
from boildown_coreml.deploy import deploy, to_onnx
from boildown_coreml.toolkit import ct
from boildown_coreml.translator import translate
from programs import run
from sources import context_of, difference, normalised

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
LABELS = tuple(f"class {n}" for n in range(10))


def context(
    source: Path, image: dict[str, Any] | None = None, labels: tuple[str, ...] = (), **said: Any
) -> Context:
    told = {"preprocessing": None if image is None else Preprocessing(**image), "labels": labels}
    return context_of(source, **said).model_copy(update=told)


def fed(source: Path, image: dict[str, Any], count: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels and what the preprocessing makes of them, computed in its own words."""
    shape = [n.dim_value for n in onnx.load(source).graph.input[0].type.tensor_type.shape.dim[1:]]
    pixels = np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.uint8)
    low, high = image.get("range", (0.0, 1.0))
    mean, std = (
        np.broadcast_to(image.get(name, (plain,)), shape[0]).reshape(-1, 1, 1)
        for name, plain in (("mean", 0.0), ("std", 1.0))
    )
    values = ((pixels / 255 * (high - low) + low) - mean) / std
    return pixels, values.astype(np.float32)


@pytest.mark.parametrize("form", ["mlpackage", "mlmodel"])
@pytest.mark.parametrize(
    "image", [{"mean": (0.5, 0.4, 0.3), "std": (0.25,)}, {"range": (-1.0, 1.0), "channels": "bgr"}]
)
def test_an_image_gives_what_its_preprocessed_numbers_give(
    image: dict[str, Any], form: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["residual"](), tmp_path)
    told = context(source, image, format=form, image_input=True)
    made = deploy(Artifact(path=source), told)
    port = ct.utils.load_spec(str(made.path)).description.input[0].type
    assert port.WhichOneof("Type") == "imageType"
    pixels, values = fed(source, image)
    found = run(onnx.load(to_onnx(made, told).path), values)[0]
    assert difference(found, run(onnx.load(source), values)[0]) < 1e-4
    if form == "mlpackage":
        inner = run(translate(made.path), pixels[:1].astype(np.float32))[0]
        assert difference(inner, found[:1]) < 1e-4


def test_a_program_divides_each_channel_by_its_own_deviation(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    told = context(source, IMAGENET, image_input=True)
    made = deploy(Artifact(path=source), told)
    _pixels, values = fed(source, IMAGENET)
    found = run(onnx.load(to_onnx(made, told).path), values)[0]
    assert difference(found, run(onnx.load(source), values)[0]) < 1e-4


def test_a_file_that_does_something_else_to_pixels_is_found_out(tmp_path: Path) -> None:
    """Negative control: the factors are changed in the saved file alone."""
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    told = context(source, {"std": (0.5,)}, format="mlmodel", image_input=True)
    made = deploy(Artifact(path=source), told)
    spec = ct.utils.load_spec(str(made.path))
    spec.neuralNetwork.preprocessing[0].scaler.channelScale *= 1.5
    ct.utils.save_spec(spec, str(made.path))
    _pixels, values = fed(source, {"std": (0.5,)})
    found = run(onnx.load(to_onnx(made, told).path), values)[0]
    assert difference(found, run(onnx.load(source), values)[0]) > 0.05


@pytest.mark.parametrize("form", ["mlpackage", "mlmodel"])
def test_a_classifier_gives_the_same_scores_beside_labels(form: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    told = context(source, None, LABELS, format=form, classifier=True)
    made = deploy(Artifact(path=source), told)
    description = ct.utils.load_spec(str(made.path)).description
    assert description.predictedFeatureName == "classLabel"
    kinds = {port.type.WhichOneof("Type") for port in description.output}
    assert kinds == {"dictionaryType", "stringType"}
    shape = [n.dim_value for n in onnx.load(source).graph.input[0].type.tensor_type.shape.dim[1:]]
    x = np.random.default_rng(0).standard_normal((4, *shape)).astype(np.float32)
    found = run(onnx.load(to_onnx(made, told).path), x)[0]
    assert difference(found, run(onnx.load(source), x)[0]) < 1e-5


def test_on_a_mac_it_is_fed_images_and_its_scores_are_put_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    told = context(source, IMAGENET, LABELS, image_input=True, classifier=True)
    made = deploy(Artifact(path=source), told)
    plain, program = ct.models.MLModel, translate(made.path)

    class Predicting:
        def __init__(self, path: str, compute_units: Any) -> None:
            self._spec = plain(path, skip_model_load=True).get_spec()

        def get_spec(self) -> Any:
            return self._spec

        def predict(self, given: dict[str, Any]) -> dict[str, Any]:
            (image,) = given.values()
            pixels = np.asarray(image).transpose(2, 0, 1)[None].astype(np.float32)
            scores = run(program, pixels)[0][0]
            by_label = dict(sorted(zip(LABELS, scores.tolist(), strict=True), reverse=True))
            best = max(by_label, key=by_label.__getitem__)
            return {"classLabel": best, "classLabel_probs": by_label}

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ct.models, "MLModel", Predicting)
    _pixels, values = fed(source, IMAGENET)
    port = onnx.load(source).graph.input[0].name
    found = hooks.open_runtime(made, told).run({port: values})
    wanted = run(onnx.load(source), values)[0]
    assert difference(found[onnx.load(source).graph.output[0].name], wanted) < 1e-4


@pytest.mark.parametrize(
    ("graph", "told", "reason"),
    [
        ("plain", {"image_input": True}, "not known how an image"),
        ("plain", {"image_input": True, "image": {"channels": "gray"}}, "no image of 1 channels"),
        ("plain", {"image_input": True, "image": {"layout": "nhwc"}}, "nhwc"),
        ("two_inputs", {"image_input": True, "image": {}}, "several inputs"),
        ("plain", {"classifier": True}, "no labels"),
        ("plain", {"classifier": True, "labels": LABELS[:3]}, "there are 3 labels"),
        ("plain", {"classifier": True, "labels": ("crane",) * 10}, "repeat: crane"),
        (
            "plain",
            {"image_input": True, "image": IMAGENET, "format": "mlmodel"},
            "one factor for all channels, and `std` differs",
        ),
    ],
)
def test_what_core_ml_cannot_say_is_refused(
    graph: str, told: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS[graph](), tmp_path)
    with pytest.raises(UnsupportedError, match=reason):
        deploy(Artifact(path=source), context(source, **told))
