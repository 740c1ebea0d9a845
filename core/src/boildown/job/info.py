"""Say what a backend is, as JSON: `python -m boildown.job.info NAME`.

This is how the host asks a backend that lives in another interpreter.
"""

from __future__ import annotations

import sys
from typing import Any

from ..errors import BoildownError
from ..frozen import Frozen
from ..plugins.registry import Backend, Registry
from ..plugins.values import BackendInfo
from .environment import environment
from .protocol import PROTOCOL


class Described(Frozen):
    """A backend's info with the environment that it runs in."""

    protocol: int = PROTOCOL
    info: BackendInfo
    #: Versions, sources and interpreter: part of the cache's key.
    environment: dict[str, Any]
    runtime: bool = False


def describe(backend: Backend) -> Described:
    """Describe a loaded backend; its toolkit stays out."""
    distributions = filter(None, (backend.distribution, backend.info.distribution))
    return Described(
        info=backend.info,
        environment=environment(distributions, backend.package),
        runtime=backend.implements("open_runtime"),
    )


def main() -> None:
    """Print the description of the backend named on the command line."""
    try:
        described = describe(Registry().get(sys.argv[1]))
    except BoildownError as error:
        sys.exit(str(error))
    sys.stdout.write(described.model_dump_json() + "\n")


if __name__ == "__main__":
    main()
