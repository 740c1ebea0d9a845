"""What suite and worker tell each other, a JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..artifact import Artifact
from ..frozen import Frozen
from ..job.protocol import Job, JobResult
from ..plugins.values import Context


class Request(Frozen):
    """One thing to do: a whole job, or inferences in the backend's own runtime."""

    kind: Literal["job", "run", "threads"]
    job: Job | None = None
    backend: str = ""
    deployable: Artifact | None = None
    context: Context | None = None
    #: .npz files with one array a name: what goes in, and where what comes out is written.
    inputs: Path | None = None
    outputs: Path | None = None


class Answer(Frozen):
    """What came of a request."""

    result: JobResult | None = None
    #: Why the result is another one after JSON; empty: it is the same.
    lost_in_json: str = ""
    #: Why there are no outputs, and whether the backend said so with UnsupportedError.
    reason: str = ""
    unsupported: bool = False
    #: CPU seconds of each thread that took part in the inferences.
    thread_seconds: tuple[float, ...] = ()
