"""Where a backend lives: in this interpreter, in another one, or in any program at all.

`boildown.toml` in the working folder names the exceptions:

    [backends.tflite]
    python = "venvs/tflite/bin/python"      # has boildown and the plugin installed

    [backends.npu]
    command = ["npu-compress", "--fast"]    # speaks job.json -> result.json
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, ValidationError, model_validator

from ..errors import PluginError, UsageError
from ..frozen import Frozen
from ..job.info import Described, describe
from ..job.protocol import PROTOCOL
from ..plugins.values import BackendInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..plugins.registry import Registry
    from .request import Cell

CONFIG = "boildown.toml"
_INFO_SECONDS = 60


class Place(Frozen):
    """One entry of `boildown.toml`: exactly one of the two is given."""

    python: str | None = None
    command: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.python) == bool(self.command):
            raise ValueError("give exactly one of 'python' and 'command'")
        return self


class _Config(Frozen):
    backends: dict[str, Place] = Field(default_factory=dict)


class Endpoint(Frozen):
    """A backend that can be asked and sent jobs, wherever it lives."""

    name: str
    info: BackendInfo
    #: The job's and the result's path are added to this.
    worker: tuple[str, ...]
    #: Interpreter that can open its runtime; None: measured on the ONNX form.
    python: str | None
    environment: dict[str, Any]


def places(folder: Path) -> dict[str, Place]:
    """Read `boildown.toml` of a folder; nothing where there is none."""
    path = folder / CONFIG
    if not path.exists():
        return {}
    try:
        found = _Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).backends
        return {name: _absolute(place, folder) for name, place in found.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        detail = "; ".join(_said(error))
        raise UsageError(f"{path}: {detail}") from error


def _absolute(place: Place, folder: Path) -> Place:
    """Return a place whose programs are found from any folder, since jobs run in their own.

    What has no separator is looked up on PATH. Links stay: one leads to the interpreter of a
    virtual environment, and its target would be another interpreter.
    """

    def found(program: str) -> str:
        return str((folder / program).absolute()) if os.sep in program else program

    if place.python is not None:
        return place.model_copy(update={"python": found(place.python)})
    first, *rest = place.command
    return place.model_copy(update={"command": (found(first), *rest)})


def known_backends(registry: Registry, elsewhere: dict[str, Place]) -> list[str]:
    """Return the names of all backends, installed here or named in `boildown.toml`."""
    return sorted({*registry.names(), *elsewhere})


def endpoints(
    cells: Sequence[Cell], registry: Registry, elsewhere: dict[str, Place]
) -> tuple[dict[str, Endpoint], dict[str, str]]:
    """Find the backends of a grid; return those found, and of broken ones why they are.

    A broken plugin that somebody named is a PluginError; one that is merely installed harms nobody
    but its own rows.
    """
    found: dict[str, Endpoint] = {}
    broken: dict[str, str] = {}
    for cell in cells:
        if cell.backend in found or cell.backend in broken:
            continue
        try:
            found[cell.backend] = endpoint(cell.backend, registry, elsewhere)
        except PluginError as error:
            if cell.asked:
                raise
            broken[cell.backend] = str(error)
    return found, broken


def endpoint(name: str, registry: Registry, elsewhere: dict[str, Place]) -> Endpoint:
    """Find the backend called `name` and ask it what it is; its toolkit stays out."""
    place = elsewhere.get(name)
    if place is None:
        described = describe(registry.get(name, others=elsewhere))
        worker: tuple[str, ...] = (sys.executable, "-m", "boildown.job.worker")
        python = sys.executable if described.runtime else None
    elif place.python is not None:
        described = _ask((place.python, "-m", "boildown.job.info", name), name)
        worker = (place.python, "-m", "boildown.job.worker")
        python = place.python if described.runtime else None
    else:
        described = _ask((*place.command, "--info"), name)
        worker, python = place.command, None
    return Endpoint(
        name=name,
        info=described.info,
        worker=worker,
        python=python,
        environment=described.environment,
    )


def _ask(command: Sequence[str], name: str) -> Described:
    shown = " ".join(command)
    try:
        answer = subprocess.run(  # noqa: S603 - the user's own configuration names it
            command,
            capture_output=True,
            check=False,
            timeout=_INFO_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        if answer.returncode:
            problem = answer.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise PluginError(f"backend {name!r}: `{shown}` failed: {' '.join(problem)}")
        described = Described.model_validate_json(answer.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PluginError(f"backend {name!r}: cannot run `{shown}`: {error}") from error
    except ValidationError as error:
        raise PluginError(
            f"backend {name!r}: `{shown}` did not answer with a description of the backend as "
            f"docs/protocol.md wants it: {'; '.join(_said(error))}"
        ) from error
    if described.protocol != PROTOCOL:
        raise PluginError(f"backend {name!r} speaks protocol {described.protocol}, not {PROTOCOL}")
    return described


def _said(error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        return [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
    return [str(error)]
