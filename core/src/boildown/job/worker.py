"""Carry out one job in a process of its own: `python -m boildown.job.worker JOB RESULT`.

Toolkits print, leak memory and pin each other's dependencies; a process contains all three, and
makes CPU time and peak memory belong to one job. The answer is a file, since toolkits print.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import re
import signal
import sys
import threading
import traceback
from pathlib import Path

from ..errors import BoildownError, UnsupportedError
from ..files import write_atomically
from ..plugins.registry import Registry
from .chain import run_chain
from .confine import forbid_network
from .process import NO_ANSWER
from .progress import say_to_host
from .protocol import Job, JobResult


def work(job: Job, registry: Registry | None = None) -> JobResult:
    """Run `job` in this process; every failure becomes a result."""
    try:
        backend = (registry or Registry()).get(job.backend)
        result = run_chain(job, backend, say_to_host())
    except UnsupportedError as error:
        result = JobResult(status="unsupported", reason=str(error))
    except BoildownError as error:
        result = JobResult(status="failed", reason=str(error))
    except MemoryError as error:
        log_traceback()
        result = JobResult(status="out_of_memory", reason=f"no memory left: {error}")
    except Exception as error:  # noqa: BLE001 - a toolkit may raise anything at all
        log_traceback()
        result = JobResult(status="failed", reason=f"{type(error).__name__}: {error}")
    return result.model_copy(update={"versions": _loaded_versions()})


def main() -> None:
    """Read the job named on the command line, write its result."""
    source, target = map(Path, sys.argv[1:])
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    die_with_the_host()
    forbid_network()
    job = Job.model_validate_json(source.read_bytes())
    hand_over(target, work(job).model_dump_json(indent=1))


def hand_over(target: Path, answer: str) -> None:
    """Write the answer, or end with the exit code that says why there is none: the disk is full."""
    try:
        write_atomically(target, answer)
    except OSError:
        log_traceback()
        sys.exit(NO_ANSWER)


def log_traceback() -> None:
    """Print the traceback of the exception being handled to the log, if that can be written."""
    with contextlib.suppress(OSError):
        traceback.print_exc()


def die_with_the_host() -> None:
    """End this process group when standard input closes: the host is gone then."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _loaded_versions() -> dict[str, str]:
    """Return distribution -> version of everything that this process has imported.

    `importlib.metadata.packages_distributions` tells the same, but makes an object of every file of
    every distribution, and toolkits have many.
    """
    loaded = {name.partition(".")[0] for name in sys.modules}
    found = importlib.metadata.distributions()
    versions = {one.name: one.version for one in found if not loaded.isdisjoint(_top_level(one))}
    return dict(sorted(versions.items()))


def _top_level(distribution: importlib.metadata.Distribution) -> set[str]:
    """Return the names that importing a distribution makes, and some that are none."""
    own = {distribution.name.replace("-", "_")}  # all that an editable one tells
    named = distribution.read_text("top_level.txt")
    if named:
        return own | set(named.split())
    files = (distribution.read_text("RECORD") or "").splitlines()
    return own | {re.split("[/,.]", line, maxsplit=1)[0] for line in files}


if __name__ == "__main__":
    main()
