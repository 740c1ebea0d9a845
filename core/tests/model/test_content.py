"""A model is its file and the files of data that it names."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown.artifact import file_digest
from boildown.errors import ModelError
from boildown.model.content import content_digest
from boildown.runner.store import Store
from boildown.runner.subjects import prepare_model
from onnx import ModelProto, numpy_helper


def save(model: ModelProto, folder: Path, factor: float) -> Path:
    """Write the model with all weights multiplied, in a file of data beside it."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for tensor in changed.graph.initializer:
        values = numpy_helper.to_array(tensor) * np.float32(factor)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    folder.mkdir(exist_ok=True)
    (folder / "net.onnx.data").unlink(missing_ok=True)
    path = folder / "net.onnx"
    onnx.save(changed, path, save_as_external_data=True, location="net.onnx.data", size_threshold=0)
    return path


def test_weights_trained_anew_are_another_model_though_the_graph_is_the_same(
    tiny: ModelProto, tmp_path: Path
) -> None:
    store = Store(tmp_path / "cache")
    path = save(tiny, tmp_path / "model", 1)
    graph, before = path.read_bytes(), content_digest(path)
    first = prepare_model(str(path), store)[1].sha256
    assert prepare_model(str(path), store)[1].sha256 == first
    save(tiny, tmp_path / "model", 2)
    assert path.read_bytes() == graph
    assert content_digest(path) != before
    assert prepare_model(str(path), store)[1].sha256 != first


def test_where_a_model_lies_is_none_of_its_content(tiny: ModelProto, tmp_path: Path) -> None:
    path = save(tiny, tmp_path / "model", 1)
    shutil.copytree(path.parent, tmp_path / "other")
    assert content_digest(tmp_path / "other/net.onnx") == content_digest(path)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", ".."])
def test_a_name_that_is_none_is_no_error_here(tiny: ModelProto, tmp_path: Path, name: str) -> None:
    path = save(tiny, tmp_path / "model", 1)
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = name if entry.key == "location" else entry.value
    path.write_bytes(model.SerializeToString())
    assert content_digest(path) == file_digest(path)


def test_files_elsewhere_and_broken_files_are_not_read(tiny: ModelProto, tmp_path: Path) -> None:
    path = save(tiny, tmp_path / "model", 1)
    (tmp_path / "secret").write_text("one")
    content = path.read_bytes().replace(b"net.onnx.data", b"../secret////")
    path.write_bytes(content)
    before = content_digest(path)
    (tmp_path / "secret").write_text("two")
    assert content_digest(path) == before
    path.write_bytes(b"\xff location \xff")
    assert content_digest(path)


def test_a_file_that_cannot_be_read_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx cannot be read: No such file"):
        content_digest(tmp_path / "gone.onnx")
