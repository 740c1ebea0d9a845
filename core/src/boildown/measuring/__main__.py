"""Take one measurement in a process of its own: `python -m boildown.measuring REQUEST ANSWER`.

Only numpy, the light parts of the core and one runtime are imported here, so that memory and load
times belong to the model. The answer is a file, since runtimes print.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import BoildownError, UnsupportedError
from ..job.confine import forbid_network
from ..job.progress import say_to_host
from ..job.worker import die_with_the_host, hand_over, log_traceback
from .requests import (
    Answer,
    Ask,
    EnergyRequest,
    Failure,
    MemoryRequest,
    OutputsRequest,
    Request,
    Value,
)


def answer(request: Request) -> Answer:
    """Measure; every failure becomes an answer."""
    try:
        return Answer(value=_value(request))
    except UnsupportedError as error:
        return Answer(failure=Failure(status="unsupported", reason=str(error)))
    except BoildownError as error:
        return Answer(failure=Failure(status="failed", reason=str(error)))
    except MemoryError as error:
        log_traceback()
        return Answer(failure=Failure(status="out_of_memory", reason=f"no memory left: {error}"))
    except Exception as error:  # noqa: BLE001 - a runtime may raise anything at all
        log_traceback()
        reason = f"{type(error).__name__}: {error}"
        return Answer(failure=Failure(status="failed", reason=reason))


def _value(request: Request) -> Value:
    """Import only what this kind of measurement needs: imports count as memory."""
    if isinstance(request, OutputsRequest):
        from .outputs import run_outputs

        return run_outputs(request, say_to_host())
    if isinstance(request, MemoryRequest):
        from .memory import run_memory

        return run_memory(request)
    if isinstance(request, EnergyRequest):
        from .energy import run_energy

        return run_energy(request)
    from .speed import run_speed

    return run_speed(request, say_to_host())


def main() -> None:
    """Read the request named on the command line, write its answer."""
    source, target = map(Path, sys.argv[1:])
    die_with_the_host()
    forbid_network()
    request = Ask.model_validate_json(source.read_bytes()).request
    hand_over(target, answer(request).model_dump_json())


if __name__ == "__main__":
    main()
