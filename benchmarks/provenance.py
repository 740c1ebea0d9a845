"""Where a figure comes from: what every record under results/ says of itself."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from boildown.measuring.machine import machine

ROOT = Path(__file__).resolve().parents[1]
#: What a figure depends on; where records lie is none of it.
_SOURCES = ("core", "plugins", "benchmarks", ":!benchmarks/results")
PACKAGES = ("boildown", "onnx", "onnxruntime", "numpy")


def provenance(*packages: str, threads: int = 1) -> dict[str, Any]:
    """Return command, commit, date, computer and versions of the run that calls this.

    Args:
        packages: Distributions whose versions matter, besides the core's own.
        threads: Threads that each measured process may use.
    """
    this = machine(threads)
    return {
        "command": _command(),
        "commit": _commit(),
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "cpu": this.cpu,
        "instruction_sets": list(this.instruction_sets),
        "cores": this.cores,
        "threads": threads,
        "load_average": os.getloadavg()[0],
        "os": this.os,
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in (*PACKAGES, *packages)},
    }


def made_by(facts: dict[str, Any]) -> str:
    """Return provenance as a sentence for a page."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (
        f"Made by `{facts['command']}` at {facts['commit']} on {facts['date']}; {facts['cpu']} "
        f"({', '.join(facts['instruction_sets'])}), {facts['threads']} thread, {_load(facts)}"
        f"batch 1; {versions}."
    )


def _load(facts: dict[str, Any]) -> str:
    """Say how busy the computer was when the run began, where the record has it."""
    load = facts.get("load_average")
    return "" if load is None else f"load {load:.1f} of {facts['cores']} cores, "


def _command() -> str:
    """Return the command line, the script as seen from the repository's root."""
    script = Path(sys.argv[0]).resolve()
    shown = script.relative_to(ROOT) if script.is_relative_to(ROOT) else Path(script.name)
    said = sys.argv[1:]
    if "--out" in said:  # where the record was written first tells nobody anything
        del said[said.index("--out") : said.index("--out") + 2]
    return shlex.join(["python", shown.as_posix(), *said])


def _commit() -> str:
    """Return the commit, with a mark where tracked source files differ from it."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", *_SOURCES)
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    asked = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
