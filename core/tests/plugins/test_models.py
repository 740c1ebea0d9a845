"""Models by path with their sidecar, and models and data of installed sources."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from boildown import ModelError
from boildown.errors import RecipeError, UriError
from boildown.plugins.models import find_model
from boildown.plugins.sources import (
    dataset_from_source,
    dataset_listings,
    model_from_source,
    model_listings,
    schemes,
)

SOURCE = """
from boildown import Listing, ModelEntry, hookimpl
@hookimpl
def provide_model(uri, workdir):
    return ModelEntry(uri=uri, path=workdir / "m.onnx") if uri == "shelf:one" else None
@hookimpl
def provide_dataset(uri, workdir):
    return None
@hookimpl
def list_models():
    return [Listing(uri="shelf:one", description="a model")]
@hookimpl
def list_datasets():
    return []
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a source of models with the scheme `shelf`."""
    info = tmp_path / "site" / "boildown_shelf-1.0.dist-info"
    info.mkdir(parents=True)
    (info.parent / "boildown_shelf.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boildown-shelf\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[boildown.sources]\nshelf = boildown_shelf\n")
    monkeypatch.syspath_prepend(info.parent)
    monkeypatch.delitem(sys.modules, "boildown_shelf", raising=False)


def sidecar(model: Path, text: str) -> Path:
    path = model.with_suffix(".yaml")
    path.write_text(text)
    return path


def test_a_path_is_a_model_that_says_nothing_of_itself(model_path: Path, tmp_path: Path) -> None:
    entry = find_model(str(model_path), tmp_path)
    assert (entry.path, entry.preprocessing, entry.labels) == (model_path, None, ())


def test_the_sidecar_says_what_the_file_cannot(model_path: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("cat\ndog\n\n")
    sidecar(model_path, "input: {pad: 2}\nlabels: names.txt\nlicence: MIT\nexpect: {top1: 0.5}\n")
    entry = find_model(str(model_path), tmp_path)
    assert entry.preprocessing is not None
    assert (entry.preprocessing.pad, entry.labels, entry.licence) == (2, ("cat", "dog"), "MIT")
    assert entry.expect is not None
    assert entry.expect.top1 == 0.5


def test_a_link_is_a_model_with_what_lies_beside_it(model_path: Path, tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    link = tmp_path / "shown/net.onnx"
    link.symlink_to(model_path)
    sidecar(model_path, "labels: [of, the target]\n")
    assert find_model(str(link), tmp_path).labels == ("of", "the target")
    (tmp_path / "shown/names.txt").write_text("of\nthe link\n")
    sidecar(link, "labels: names.txt\n")
    entry = find_model(str(link), tmp_path)
    assert (entry.labels, entry.path) == (("of", "the link"), model_path.resolve())


def test_labels_may_stand_in_the_sidecar_itself(model_path: Path, tmp_path: Path) -> None:
    sidecar(model_path, "labels: [cat, dog]\n")
    assert find_model(str(model_path), tmp_path).labels == ("cat", "dog")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("inptu: {}\n", ModelError, "inptu"),
        ("a: 1\na: 2\n", RecipeError, r"tiny\.yaml:2"),
        ("labels: gone.txt\n", ModelError, r"gone\.txt"),
        ("[1, 2]\n", ModelError, "file"),
    ],
)
def test_a_broken_sidecar_is_an_error_that_names_it(
    model_path: Path, tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    sidecar(model_path, text)
    with pytest.raises(error, match=said):
        find_model(str(model_path), tmp_path)


def test_a_sidecar_that_is_no_text_is_an_error(model_path: Path, tmp_path: Path) -> None:
    model_path.with_suffix(".yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="cannot read"):
        find_model(str(model_path), tmp_path)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder"):
        find_model(str(tmp_path), tmp_path)


def test_a_name_that_the_system_does_not_take_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read x.*File name too long"):
        find_model("x" * 300, tmp_path)


@pytest.mark.usefixtures("shelf")
def test_a_source_gives_models_under_its_scheme(tmp_path: Path) -> None:
    assert "shelf" in schemes()
    assert model_from_source("shelf:one", tmp_path).path == tmp_path / "m.onnx"
    assert "shelf:one" in [listing.uri for listing in model_listings()]
    assert all(not listing.uri.startswith("shelf") for listing in dataset_listings())


@pytest.mark.usefixtures("shelf")
def test_what_a_source_does_not_have_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UriError, match="no such model"):
        model_from_source("shelf:two", tmp_path)
    with pytest.raises(UriError, match="no such dataset"):
        dataset_from_source("shelf:two", tmp_path)
    with pytest.raises(UriError, match="did you mean 'shelf:'"):
        model_from_source("shelff:one", tmp_path)


TRUSTING = """
from boildown import ModelEntry, UriError, hookimpl
@hookimpl
def provide_model(uri, workdir, trust):
    if not trust:
        raise UriError("give --trust")
    return ModelEntry(uri=uri, path=workdir / "m.onnx")
"""


def test_a_source_is_told_whether_code_may_run(shelf: None, tmp_path: Path) -> None:
    (tmp_path / "site" / "boildown_shelf.py").write_text(TRUSTING)
    with pytest.raises(UriError, match="give --trust"):
        find_model("shelf:one", tmp_path)
    assert find_model("shelf:one", tmp_path, trust=True).path == tmp_path / "m.onnx"


def test_a_source_may_do_without_being_told(shelf: None, tmp_path: Path) -> None:
    assert find_model("shelf:one", tmp_path, trust=True).uri == "shelf:one"
