"""Backends of these tests, installed where this process and its children find them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = ("honest", "masks", "narrow", "learning", "lies")


@pytest.fixture
def backends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the honest backend and all liars; return the folder that they lie in."""
    site = tmp_path / "site"
    package, facts = site / "boildown_told", site / "boildown_told-1.0.dist-info"
    package.mkdir(parents=True)
    facts.mkdir()
    (package / "__init__.py").touch()
    for name in MODULES:
        (package / f"{name}.py").write_bytes((HERE / f"{name}.py").read_bytes())
    names = re.findall(r'^    "([a-z-]+)": Lie\(', (HERE / "lies.py").read_text(), re.M)
    for name in names:
        (package / f"{name.replace('-', '_')}.py").write_text(
            f"from .lies import LIES\n\nplugin = LIES[{name!r}].plugin\n"
        )
    lines = [f"{name} = boildown_told.{name.replace('-', '_')}:plugin" for name in names]
    lines.append("honest = boildown_told.lies:honest")
    (facts / "entry_points.txt").write_text("\n".join(["[boildown.backends]", *lines, ""]))
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: boildown-told\nVersion: 1.0\n")
    (facts / "top_level.txt").write_text("boildown_told\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    for module in [name for name in sys.modules if name.split(".")[0] == "boildown_told"]:
        monkeypatch.delitem(sys.modules, module)
    return site
