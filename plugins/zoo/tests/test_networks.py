"""The networks that ship are the recorded files, and do what their records say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from boildown_zoo.hooks import provide_model
from boildown_zoo.networks import NETWORKS
from numpy.typing import NDArray

if TYPE_CHECKING:
    from boildown import ModelEntry

Records = dict[str, dict[str, Any]]
Floats = NDArray[np.float32]
README = Path(__file__).parents[1] / "README.md"
each_network = pytest.mark.parametrize("name", list(NETWORKS))


def entry(name: str) -> ModelEntry:
    found = provide_model(f"zoo:{name}", Path())
    assert found is not None
    return found


def prepared(images: NDArray[np.uint8], model: ModelEntry) -> Floats:
    steps = model.preprocessing
    assert steps is not None
    low, high = steps.range
    padded = np.pad(images, ((0, 0), (steps.pad,) * 2, (steps.pad,) * 2)).astype(np.float32)
    values = (low + padded / 255 * (high - low) - steps.mean[0]) / steps.std[0]
    return np.repeat(values[:, None], 3, axis=1).astype(np.float32)


def logits(model: ModelEntry, images: NDArray[np.uint8], batch: int) -> Floats:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.path, options, providers=["CPUExecutionProvider"])
    starts = range(0, len(images), batch)
    parts = [prepared(images[start : start + batch], model) for start in starts]
    return np.concatenate([session.run(["logits"], {"input": part})[0] for part in parts])


@each_network
def test_the_file_is_the_one_that_was_measured(records: Records, name: str) -> None:
    content = entry(name).path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == records[name]["sha256"]


@each_network
def test_the_first_2000_images_score_what_was_recorded(
    records: Records, splits: dict[str, dict[str, NDArray[Any]]], name: str
) -> None:
    images, labels = (splits["test"][key][:2000] for key in ("images", "labels"))
    correct = int((logits(entry(name), images, 500).argmax(1) == labels).sum())
    # Another processor may round a near tie the other way.
    assert correct == pytest.approx(records[name]["test"]["correct_of_first_2000"], abs=2)


@each_network
def test_the_batch_size_does_not_change_the_answers(
    splits: dict[str, dict[str, NDArray[Any]]], name: str
) -> None:
    images = splits["test"]["images"][:20]
    one, seven = (logits(entry(name), images, batch) for batch in (1, 7))
    np.testing.assert_allclose(one, seven, atol=1e-3)


@each_network
def test_batch_norms_are_kept_where_the_architecture_has_them(name: str) -> None:
    counts = Counter(node.op_type for node in onnx.load(entry(name).path).graph.node)
    expected = {"mobilenet_v2": 52, "resnet50": 53, "squeezenet1_1": 0}
    assert counts["BatchNormalization"] == expected[name]
    assert not {"Constant", "Identity", "Dropout"} & counts.keys()


@each_network
def test_every_weight_is_named_after_its_node(name: str) -> None:
    graph = onnx.load(entry(name).path).graph
    weighted = [node for node in graph.node if node.op_type in {"Conv", "Gemm"}]
    assert [f"{node.name}.weight" for node in weighted] == [node.input[1] for node in weighted]
    assert len({node.name for node in graph.node}) == len(graph.node)


@each_network
def test_the_stated_accuracy_is_the_recorded_one(records: Records, name: str) -> None:
    test = records[name]["test"]
    assert test["images"] == 10_000
    assert entry(name).expect is not None
    assert NETWORKS[name].top1 == test["top1"]
    assert test["top1"] >= {"squeezenet1_1": 0.89}.get(name, 0.91)


@each_network
def test_the_readme_states_the_recorded_figures(records: Records, name: str) -> None:
    row = re.search(rf"^\| `zoo:{name}` \|.*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert row is not None
    low, high = records[name]["test"]["interval_95"]
    for figure in (f"{records[name]['test']['top1']:.4f}", f"{low:.4f} to {high:.4f}", "10,000"):
        assert figure in row.group()
    assert f"{records[name]['parameters']:,}" in row.group()


def test_the_three_files_together_stay_small() -> None:
    assert sum(entry(name).path.stat().st_size for name in NETWORKS) <= 20_000_000
