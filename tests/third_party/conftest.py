"""A distribution of somebody else's, made from docs/backends.md, in a Python of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/backends.md"
_FENCE = re.compile(r"^<!-- (?P<mark>[^>\n]*) -->\n```\w+\n(?P<text>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Second:
    """A Python of its own, in which the distribution is installed and this one's packages are."""

    python: Path
    #: Where a reader of the page works, with `boildown-half` in it.
    folder: Path

    def run(self, *words: str, elsewhere: Mapping[str, str] | None = None) -> str:
        """Run a command with the second Python first on the path; return all that it says."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        own = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        run = subprocess.run(
            words,
            cwd=self.folder,
            env={**own, "PATH": path, **(elsewhere or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout
        return run.stdout


def marked(kind: str) -> list[tuple[str, str]]:
    """Return (file, text) of the page's blocks of this kind, in their order."""
    found = [(m["mark"], m["text"]) for m in _FENCE.finditer(PAGE.read_text(encoding="utf-8"))]
    return [
        (mark.partition(": ")[2], text) for mark, text in found if mark.partition(": ")[0] == kind
    ]


def write(kind: str, folder: Path) -> None:
    """Write the page's blocks of this kind to files below a folder."""
    for name, text in marked(kind):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Second:
    """Follow the first part of the page in an environment of its own."""
    folder = tmp_path_factory.mktemp("third party")
    python = folder / "venv/bin/python"
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", str(folder / "venv")], check=True)
    made = Second(python, folder)
    # What boildown needs takes minutes to install; it is here already, in this environment.
    (here,) = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (there,) = (folder / "venv/lib").glob("python*/site-packages")
    (there / "boildown.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    (there.parents[2] / "bin/boildown").write_text(
        f'#!/bin/sh\nexec "{python}" -c "from boildown.cli.main import main; main()" "$@"\n'
    )
    (there.parents[2] / "bin/boildown").chmod(0o755)
    write("template", folder / "boildown-half")
    (folder / "boildown-half/src/boildown_half/__init__.py").touch()
    install(made)
    return made


@pytest.fixture(scope="module")
def complete(second: Second) -> Second:
    """Follow the rest of the page: all that may be added to the distribution."""
    write("append", second.folder / "boildown-half")
    write("template+", second.folder / "boildown-half")
    install(second)
    return second


def install(second: Second) -> None:
    """Install the distribution as it stands now, from its folder alone."""
    words = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--force-reinstall")
    second.run(str(second.python), "-m", "pip", "install", *words, "./boildown-half")
