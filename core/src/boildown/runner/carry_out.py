"""Bring one job to its result: from the cache, by going on with it, or from the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..job.chain import run_chain
from ..job.environment import digest
from ..job.process import Limits, run_process
from ..job.protocol import Cost, Job, JobResult
from .answer import answer
from .lock import machine_lock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from ..data.manifest import SplitName
    from ..plugins.registry import Registry
    from .endpoints import Endpoint
    from .store import Entry, Store

#: glibc gives large blocks back to the kernel at once, which clears them anew for the next batch.
#: Other C libraries ignore this.
_KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "536870912"}
_LOG_TAIL = 400
#: Endings that would come out the same again; the others are tried anew by the next run.
_LASTING = ("ok", "unsupported")


@dataclass(frozen=True, slots=True)
class Done:
    """A job's result with the folder that holds its files."""

    key: str
    result: JobResult
    folder: Path
    cached: bool

    @property
    def log(self) -> Path:
        """The toolkit's output."""
        return self.folder / "log.txt"


def job_key(
    job: Job, endpoint: Endpoint, *, model: str, data: Mapping[SplitName, str], canonical: str
) -> str:
    """Return the SHA-256 over everything that decides what the job makes.

    `model` and `data` are content digests, of `data` by split; `canonical` is the chain with all
    defaults filled in.
    """
    return digest(
        {
            "kind": job.kind,
            "backend": job.backend,
            "steps": canonical,
            "deploy": job.deploy,
            "train": [settings.model_dump(mode="json") for settings in job.train],
            "model": model,
            "models": {uri: entry.model_dump(mode="json") for uri, entry in job.models.items()},
            "data": dict(data),
            "preprocessing": job.preprocessing and job.preprocessing.model_dump(mode="json"),
            "labels": job.labels,
            "seed": job.seed,
            "threads": job.threads,
            "device": job.device,
            "environment": endpoint.environment,
        }
    )


def carry_out(
    job: Job,
    key: str,
    endpoint: Endpoint,
    store: Store,
    *,
    limits: Limits,
    on_progress: Callable[[dict[str, Any]], None],
    stop: threading.Event,
    here: Registry | None = None,
) -> Done:
    """Return the finished job `key`; `job.workdir` is replaced by the cache entry's folder.

    With `here` the job runs in this process and what it raises is not caught: for debugging. Such
    a job has no log, no versions and no limits, so later runs do not take it for theirs.
    """
    with store.entry("jobs", key) as entry:
        kept = _kept(entry)
        if kept is not None:
            return Done(key, kept, entry.folder, cached=True)
        job = job.model_copy(update={"workdir": entry.folder})
        (entry.folder / "result.json").unlink(missing_ok=True)
        entry.write("job.json", job.model_dump_json(indent=1))
        with machine_lock("shared"):
            if here is not None:
                result = run_chain(job, here.get(job.backend), on_progress)
            else:
                result = _in_worker(
                    job, endpoint, limits=limits, on_progress=on_progress, stop=stop
                )
        if result.status in _LASTING and here is None:
            entry.write("result.json", result.model_dump_json(indent=1))
            entry.seal()
        return Done(key, result, entry.folder, cached=False)


def _in_worker(
    job: Job,
    endpoint: Endpoint,
    *,
    limits: Limits,
    on_progress: Callable[[dict[str, Any]], None],
    stop: threading.Event,
) -> JobResult:
    asked, answered = job.workdir / "job.json", job.workdir / "result.json"
    log = job.workdir / "log.txt"
    # What an earlier attempt has printed stays, and is no reason of this one.
    before = log.stat().st_size if log.exists() else 0
    ended = run_process(
        [*endpoint.worker, str(asked), str(answered)],
        log=log,
        cwd=job.workdir,
        limits=limits,
        threads=job.threads,
        on_progress=on_progress,
        stop=stop,
        environment=_KEEPS_MEMORY,
    )
    if ended.status == "ok":
        result = answer(answered, job)
    else:
        reason = "\n".join(filter(None, (ended.reason, _tail(log, before))))
        result = JobResult(status=ended.status, reason=reason)
    return result.model_copy(update={"cost": _greater(ended.cost, result.cost)})


def _greater(seen: Cost, told: Cost) -> Cost:
    """Return what a job has cost: as seen from here, or as told where that includes earlier tries.

    A job that goes on behind steps which an interrupted run has finished adds what those have cost.
    """
    return Cost(
        wall_seconds=max(seen.wall_seconds, told.wall_seconds),
        cpu_seconds=max(seen.cpu_seconds, told.cpu_seconds),
        peak_rss_bytes=max(seen.peak_rss_bytes, told.peak_rss_bytes),
        epochs=told.epochs,
    )


def _kept(entry: Entry) -> JobResult | None:
    """Return the result of a finished entry, unless the cache was moved since: paths are full."""
    if not entry.finished or Path(entry.read("job.json")["workdir"]) != entry.folder:
        return None
    return JobResult.model_validate(entry.read("result.json"))


def _tail(log: Path, start: int) -> str:
    printed = log.read_bytes()[start:] if log.exists() else b""
    text = printed.decode("utf-8", "replace").strip()
    return f"…{text[-_LOG_TAIL:]}" if len(text) > _LOG_TAIL else text
