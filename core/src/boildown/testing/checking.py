"""Run the suite on one backend from a program: what `boildown check` does."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from ..errors import UsageError
from ..plugins.registry import Registry
from ..runner.endpoints import Place, endpoint, places
from .coverage import Coverage, OfferCoverage

#: What the author of a backend writes, for those who have not.
_TESTS = """from boildown.testing import BackendSuite


class TestBackend(BackendSuite):
    backend_name = {name!r}
    python = {python!r}
"""


def check(
    backend: str, *, keyword: str = "", tests: Path | None = None
) -> tuple[int, list[OfferCoverage]]:
    """Run every case of a backend and return pytest's exit code with what passed of each offer.

    A backend that `boildown.toml` of the working folder puts into another interpreter is checked
    there. `tests` is a file with a subclass of BackendSuite, so with known gaps. Raises UsageError
    where there is nothing to run or pytest cannot begin, UnknownBackendError and PluginError where
    the backend is missing or broken, KeyboardInterrupt where the user ends it.
    """
    place = places(Path()).get(backend)
    if place is not None and place.command:
        raise UsageError(
            f"backend {backend!r} is a program of its own (boildown.toml); `check` runs backends "
            "that live in a Python. Hold its result.json against `boildown schema result` instead"
        )
    if tests is not None and not tests.is_file():
        raise UsageError(f"there is no file {tests} with tests of the backend")
    endpoint(backend, Registry(), {backend: place} if place else {})
    coverage = Coverage()
    with tempfile.TemporaryDirectory() as folder:
        settings, written = Path(folder) / "pytest.ini", Path(folder) / "test_backend.py"
        settings.write_text("[pytest]\n", encoding="utf-8")
        written.write_text(_TESTS.format(name=backend, python=_absolute(place)), encoding="utf-8")
        words = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-c", str(settings)]
        words += ["--rootdir", folder, "--basetemp", str(Path(folder) / "work")]
        words += [f"-k={keyword}"] if keyword else []
        code = pytest.main([*words, str(tests or written)], plugins=[coverage])
    if coverage.interrupted:
        raise KeyboardInterrupt
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise UsageError(f"no case matches --keyword {keyword!r}")
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise UsageError(
            "pytest could not run the cases, for the reason above; correct --keyword (as pytest's"
            " -k: words with and, or, not) or the file given as --tests"
        )
    return int(code), coverage.offers


def _absolute(place: Place | None) -> str:
    """Return the interpreter to use; a path with a folder is taken from the working folder."""
    if place is None or place.python is None:
        return sys.executable
    path = Path(place.python).expanduser()
    return str(Path.cwd() / path) if len(path.parts) > 1 else place.python
