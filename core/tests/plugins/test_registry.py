"""Finding, loading and checking backends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from boildown import Artifact, BackendInfo, Context, Offer, Quantize, hookimpl
from boildown.errors import PluginError, UnknownBackendError, UnsupportedError
from boildown.plugins.registry import Backend, Registry


class Minimal:
    """A backend that offers nothing."""

    @hookimpl
    def backend_info(self) -> BackendInfo:
        return BackendInfo(toolkit="none", distribution="numpy", offers=())


def context(tmp_path: Path) -> Context:
    return Context(workdir=tmp_path, original=Artifact(path=tmp_path))


def test_an_installed_backend_is_found_by_name(rounding: str) -> None:
    backend = Registry().get(rounding)
    assert (backend.info.toolkit, backend.distribution) == ("numpy", "boildown-rounding")


def test_an_unknown_backend_names_the_nearest_and_how_to_install_one(rounding: str) -> None:
    with pytest.raises(UnknownBackendError, match="did you mean 'rounding'"):
        Registry().get("roundin")
    with pytest.raises(UnknownBackendError, match="pip install boildown-xyz"):
        Registry().get("xyz")


def test_a_backend_registered_later_does_not_answer_for_an_earlier_one() -> None:
    class Other(Minimal):
        @hookimpl
        def backend_info(self) -> BackendInfo:
            return BackendInfo(toolkit="other", distribution="numpy", offers=())

    registry = Registry()
    registry.register("a", Minimal())
    registry.register("b", Other())
    assert registry.get("a").info.toolkit == "none"


def test_a_misspelt_hook_is_an_error() -> None:
    class Misspelt(Minimal):
        @hookimpl
        def quantise(self) -> None: ...

    with pytest.raises(PluginError, match="quantise"):
        Backend("x", Misspelt())


def test_an_argument_that_no_hook_has_is_an_error() -> None:
    class Wrong(Minimal):
        @hookimpl
        def deploy(self, modle: Artifact) -> None: ...

    with pytest.raises(PluginError, match="modle"):
        Backend("x", Wrong())


def test_an_offer_without_its_hook_is_an_error() -> None:
    class Claims(Minimal):
        @hookimpl
        def backend_info(self) -> BackendInfo:
            return BackendInfo(toolkit="t", distribution="numpy", offers=(Offer(op="prune"),))

    with pytest.raises(PluginError, match="offers prune but has no hook"):
        Backend("x", Claims())


def test_another_version_of_the_interface_is_an_error() -> None:
    class Future(Minimal):
        @hookimpl
        def backend_info(self) -> BackendInfo:
            return BackendInfo(api=99, toolkit="t", distribution="numpy", offers=())

    with pytest.raises(PluginError, match="version 99"):
        Backend("x", Future())


def test_what_is_no_backend_says_so() -> None:
    with pytest.raises(PluginError, match="no backend_info"):
        Backend("x", SimpleNamespace())


def test_a_hook_that_returns_nothing_or_another_type_is_an_error(tmp_path: Path) -> None:
    class Odd(Minimal):
        @hookimpl
        def deploy(self, model: Artifact) -> str:
            return "model.onnx"

    backend = Backend("x", Odd())
    model = Artifact(path=tmp_path)
    with pytest.raises(PluginError, match="returned str instead of Artifact"):
        backend.deploy(model, context(tmp_path))
    with pytest.raises(PluginError, match="missing or returned nothing"):
        backend.run(Quantize(), model, context(tmp_path))


def test_without_a_runtime_hook_opening_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="no native runtime"):
        Backend("x", Minimal()).open_runtime(Artifact(path=tmp_path), context(tmp_path))


def test_names_imports_no_plugin(rounding: str) -> None:
    code = (
        "import sys; from boildown.plugins.registry import Registry;"
        "print(Registry().names(), 'boildown_rounding' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "'rounding'" in answer.stdout
    assert answer.stdout.strip().endswith("False")
