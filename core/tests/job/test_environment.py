"""An edited plugin is another plugin, whatever its distribution is called."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from boildown import hookimpl
from boildown.job.environment import environment, look_anew
from boildown.job.info import describe
from boildown.plugins.registry import Backend
from boildown.plugins.values import BackendInfo

PLUGIN = """
import boildown
@boildown.hookimpl
def backend_info():
    return boildown.BackendInfo(toolkit="t", distribution="", offers=())
"""


@pytest.mark.parametrize("file", ["acme_presser.py", "acme_presser/__init__.py"])
def test_an_edit_shows_in_the_environment(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_presser", raising=False)
    plugin = importlib.import_module("acme_presser")
    backend = Backend("presser", plugin, distribution="acme-compress", version="1")
    before = describe(backend).environment["sources"]["acme_presser"]
    path.write_text(PLUGIN + "# another line\n")
    look_anew()
    assert before
    assert describe(backend).environment["sources"]["acme_presser"] != before


class Plugin:
    @hookimpl
    def backend_info(self) -> BackendInfo:
        return BackendInfo(toolkit="t", distribution="", offers=())


def test_a_plugin_that_is_an_object_has_the_package_of_its_class() -> None:
    assert Backend("own", Plugin()).package == __name__.partition(".")[0]


def test_code_that_was_typed_has_no_source() -> None:
    assert environment((), "__main__")["sources"].keys() >= {"boildown"}
