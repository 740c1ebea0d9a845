"""Files from anyone: whatever the bytes are, the answer is a model or a ModelError."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import ModelError, onnx_layer_states, source_layers
from boildown.model import check
from boildown.model.check import read_onnx
from boildown.model.inspect import inspect
from boildown.model.normalize import normalize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from .conftest import tiny_model

Save = Callable[..., Path]
VALID = tiny_model().SerializeToString()
LAYERS = source_layers(tiny_model())
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def only_model_errors(path: Path) -> None:
    """Read the file in every way; whatever else than ModelError comes out fails the test."""
    for read in (
        lambda: normalize(path, path.with_suffix(".normal")),
        lambda: inspect(path),
        lambda: onnx_layer_states(path, LAYERS),
    ):
        with contextlib.suppress(ModelError):
            read()


@FUZZ
@given(content=st.binary(max_size=400))
def test_random_bytes_are_never_more_than_a_model_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "random.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        read_onnx(path)


@FUZZ
@given(
    places=st.lists(
        st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_changed_bytes_are_never_more_than_a_model_error(
    tmp_path: Path, places: list[tuple[int, int]]
) -> None:
    content = bytearray(VALID)
    for place, value in places:
        content[place] = value
    (tmp_path / "changed.onnx").write_bytes(content)
    only_model_errors(tmp_path / "changed.onnx")


@FUZZ
@given(start=st.integers(0, len(VALID) - 1), length=st.integers(1, 60), data=st.data())
def test_moved_and_missing_bytes_are_never_more_than_a_model_error(
    tmp_path: Path, start: int, length: int, data: st.DataObject
) -> None:
    piece = data.draw(st.sampled_from([b"", VALID[start // 2 : start // 2 + length]]))
    (tmp_path / "moved.onnx").write_bytes(VALID[:start] + piece + VALID[start + length :])
    only_model_errors(tmp_path / "moved.onnx")


def test_the_valid_model_is_read(tmp_path: Path) -> None:
    (tmp_path / "valid.onnx").write_bytes(VALID)
    assert len(read_onnx(tmp_path / "valid.onnx").graph.node) == 7


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_called_so(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(VALID[: int(len(VALID) * share)])
    with pytest.raises(ModelError, match=r"cut\.onnx: not an ONNX model, or cut off"):
        read_onnx(path)


def test_empty_files_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name, text in (
        ("empty.onnx", "it has no graph"),
        ("", "must be an .onnx file, not a folder"),
        ("none.onnx", "no such model file"),
    ):
        with pytest.raises(ModelError, match=text):
            read_onnx(tmp_path / name)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(VALID.replace(b"pool", b"po\xff\xfe"))
    with pytest.raises(ModelError, match="no UTF-8 text"):
        read_onnx(tmp_path / "text.onnx")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.onnx").write_bytes(VALID)
    (tmp_path / "secret.onnx").chmod(0)
    with pytest.raises(ModelError, match="cannot be read"):
        read_onnx(tmp_path / "secret.onnx")


def test_a_file_near_two_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as stream:
        stream.truncate(check.MAX_BYTES + 1)
    with pytest.raises(ModelError, match=r"protobuf's limit of 2 GB"):
        read_onnx(path)


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """The tiny model with all tensors in a file beside it."""
    folder = tmp_path / "external"
    folder.mkdir()
    onnx.save(
        tiny_model(), str(folder / "m.onnx"), save_as_external_data=True, location="d.bin",
        size_threshold=0,
    )  # fmt: skip
    return folder / "m.onnx"


def redirect(path: Path, location: str, **more: str) -> None:
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = location
        elif entry.key in more:
            entry.value = more[entry.key]
    path.write_bytes(model.SerializeToString())


def test_external_data_is_inlined(external: Path) -> None:
    tensors = read_onnx(external).graph.initializer
    assert all(tensor.data_location == TensorProto.DEFAULT for tensor in tensors)
    expected = numpy_helper.to_array(tiny_model().graph.initializer[0])
    assert (numpy_helper.to_array(tensors[0]) == expected).all()


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "missing.bin"])
def test_external_data_stays_below_the_models_folder(external: Path, location: str) -> None:
    (external.parent.parent / "secret.bin").write_bytes(bytes(10_000))
    redirect(external, location)
    with pytest.raises(ModelError, match="external data cannot be read"):
        read_onnx(external)


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links_are_no_external_data(external: Path, link: Callable[[Path, Path], None]) -> None:
    (external.parent.parent / "secret.bin").write_bytes(bytes(10_000))
    link(external.parent.parent / "secret.bin", external.parent / "link.bin")
    redirect(external, "link.bin", offset="0")
    with pytest.raises(ModelError, match="external data cannot be read"):
        read_onnx(external)


def test_external_data_that_is_too_short_is_refused(external: Path) -> None:
    data = external.with_name("d.bin")
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(ModelError, match="external data cannot be read"):
        read_onnx(external)


def test_a_length_other_than_the_shapes_is_refused(external: Path) -> None:
    redirect(external, "d.bin", length="4")
    with pytest.raises(ModelError, match=r"'c\.weight' needs 864 bytes"):
        read_onnx(external)


def test_without_a_length_only_the_shapes_bytes_are_read(external: Path) -> None:
    model = onnx.load(external, load_external_data=False)
    for tensor in model.graph.initializer:
        kept = [entry for entry in tensor.external_data if entry.key != "length"]
        del tensor.external_data[:]
        tensor.external_data.extend(kept)
        tensor.external_data.add(key="colour", value="blue")
    external.write_bytes(model.SerializeToString())
    assert len(read_onnx(external).graph.initializer[0].raw_data) == 864


def test_negative_and_gigantic_lengths_are_refused(tmp_path: Path) -> None:
    model = tiny_model()
    model.graph.initializer[0].dims[0] = -8
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="a length is negative"):
        read_onnx(tmp_path / "m.onnx")
    model.graph.initializer[0].dims[0] = 1 << 40
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="limit of 2 GB"):
        read_onnx(tmp_path / "m.onnx")


def test_raw_bytes_that_do_not_fit_the_shape_are_refused_by_name(tmp_path: Path) -> None:
    model = tiny_model()
    model.graph.initializer[0].dims[0] = 9
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"'c\.weight' has 864 bytes where its shape"):
        read_onnx(tmp_path / "m.onnx")


def test_tensors_are_checked_wherever_they_hide(tmp_path: Path) -> None:
    model = tiny_model()
    bad = helper.make_tensor("hidden", 1, [2], [1.0, 2.0])
    broken = numpy_helper.from_array(np.ones(3, np.float32), "broken")
    broken.dims[0] = 4
    inner = helper.make_graph([], "inner", [], [], [broken])
    sparse = helper.make_sparse_tensor(bad, helper.make_tensor("i", 7, [2], [0, 1]), [4])
    model.graph.sparse_initializer.append(sparse)
    node = helper.make_node("If", ["c"], ["z"], then_branch=inner, value=bad, s=sparse)
    model.functions.add(name="f", domain="d").node.append(node)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="'broken' has 12 bytes"):
        read_onnx(tmp_path / "m.onnx")
