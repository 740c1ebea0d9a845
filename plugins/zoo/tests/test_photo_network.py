"""`zoo:efficientnet_lite0` computes what PyTorch computes and knows the photos."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import DataManifest, ModelEntry, ModelError, OnnxRuntime, Preprocessing, batches
from boildown_zoo.hooks import provide_model
from boildown_zoo.photos import exporting, network
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
WRONG = {
    "mean and deviation of ImageNet": Preprocessing(
        resize=256, crop=(224, 224), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    "pixels as they are": network.PREPROCESSING.model_copy(update={"mean": (0.0,), "std": (1.0,)}),
    "blue first": network.PREPROCESSING.model_copy(update={"channels": "bgr"}),
}


def fed(photos: DataManifest, preprocessing: Preprocessing | None) -> tuple[Floats, NDArray[Any]]:
    test = photos.splits["test"].model_copy(update={"inputs": {"input": ""}})
    bound = photos.model_copy(update={"splits": {"test": test}, "preprocessing": preprocessing})
    (batch,) = batches(bound, "test", 20)
    assert batch.labels is not None
    return batch.inputs["input"], batch.labels


def ranks(model: ModelEntry, images: Floats, labels: NDArray[Any]) -> NDArray[Any]:
    """Return at which place each photo's class stands among the answers, from 0."""
    logits = OnnxRuntime(model.path).run({"input": images})["logits"]
    assert logits.shape == (len(images), 1000)
    right = logits[np.arange(len(labels)), labels]
    places: NDArray[Any] = (logits > right[:, None]).sum(1)
    return places


def test_it_knows_18_of_the_20_photos_and_19_among_its_first_five(
    lite0: ModelEntry, photos: DataManifest
) -> None:
    places = ranks(lite0, *fed(photos, lite0.preprocessing))
    assert ((places < 1).sum(), (places < 5).sum()) == (18, 19)
    assert lite0.expect is not None
    assert lite0.expect.top1 == 18 / 20


@pytest.mark.parametrize(
    ("wrong", "most"),
    [("mean and deviation of ImageNet", 16), ("pixels as they are", 1), ("blue first", 15)],
)
def test_another_preprocessing_loses_photos(
    lite0: ModelEntry, photos: DataManifest, wrong: str, most: int
) -> None:
    assert (ranks(lite0, *fed(photos, WRONG[wrong])) < 1).sum() <= most


def test_labels_of_other_photos_are_not_found(lite0: ModelEntry, photos: DataManifest) -> None:
    images, labels = fed(photos, lite0.preprocessing)
    assert (ranks(lite0, images, np.roll(labels, 3)) < 1).sum() == 0


def test_images_are_prepared_as_the_weights_were_published(
    lite0: ModelEntry, photos: DataManifest
) -> None:
    header, *rows = map(json.loads, photos.splits["test"].path.read_text().splitlines())
    images, _ = fed(photos, lite0.preprocessing)
    for row, ours in zip(rows, images, strict=True):
        with Image.open(Path(header["root"], row["path"])) as photo:
            image = photo.convert("RGB")
        side = int(224 / (224 + 32) * min(image.size))
        left, top = (image.width - side) // 2, (image.height - side) // 2
        cut = image.crop((left, top, left + side, top + side))
        pixels = np.asarray(cut.resize((224, 224), Image.Resampling.BICUBIC), np.float32)
        np.testing.assert_allclose(ours, ((pixels - 127) / 128).transpose(2, 0, 1), atol=1e-6)


@pytest.mark.parametrize("batch", [1, 3])
def test_it_computes_what_pytorch_computes(lite0: ModelEntry, batch: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

        module = exporting.network(exporting.weights_file())
    noise = np.random.default_rng(0).standard_normal((batch, 3, 224, 224), np.float32)
    with torch.no_grad():
        theirs = module(torch.from_numpy(noise)).numpy()
    ours = OnnxRuntime(lite0.path).run({"input": noise})["logits"]
    assert np.abs(theirs).max() > 1
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


def test_labels_stand_in_the_order_of_the_outputs(lite0: ModelEntry) -> None:
    assert len(lite0.labels) == 1000
    names = {0: "tench", 207: "golden retriever", 243: "bull mastiff", 409: "analog clock"}
    names |= {609: "jeep", 990: "buckeye", 999: "toilet tissue"}
    assert {number: lite0.labels[number] for number in names} == names


def test_the_graph_is_plain_and_its_layers_bear_their_names(lite0: ModelEntry) -> None:
    model = onnx.load(lite0.path)
    onnx.checker.check_model(model)
    counts = Counter(node.op_type for node in model.graph.node)
    plain = {"Conv": 49, "Clip": 33, "Add": 9, "ReduceMean": 1, "Reshape": 1, "Gemm": 1}
    assert counts == plain
    assert [opset.version for opset in model.opset_import if not opset.domain] == [18]
    assert len({node.name for node in model.graph.node}) == counts.total()
    assert {"_conv_stem", "_blocks.0._depthwise_conv", "_fc"} <= {n.name for n in model.graph.node}
    assert b"site-packages" not in lite0.path.read_bytes()


def test_the_weights_are_those_that_the_figures_belong_to() -> None:
    found = hashlib.sha256(exporting.weights_file().read_bytes()).hexdigest()
    assert found == "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def test_the_export_is_kept(lite0: ModelEntry) -> None:
    before = lite0.path.stat().st_mtime_ns
    assert provide_model("zoo:efficientnet_lite0", lite0.path.parent) == lite0
    assert lite0.path.stat().st_mtime_ns == before


def test_a_failed_export_is_told_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(ModelError, match="zoo:efficientnet_lite0: exporting it ended with 1"):
        network.model_entry(tmp_path)
    assert list(tmp_path.iterdir()) == []


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch ran",)


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's remarks on how the file was pickled
def test_weights_that_hold_code_are_refused_and_do_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evil.pth").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(pickle.UnpicklingError):
        exporting.network(Path("evil.pth"))
    assert not Path("ran").exists()
