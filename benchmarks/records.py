"""What benchmarks of whole comparisons share: progress, targets in words, and both files."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boildown.runner.events import Event


def tell(event: Event) -> None:
    """Say on standard error what has ended."""
    if event.kind == "ended":
        sys.stderr.write(f"{event.title}: {event.status}\n")


def targets_in_words(targets: Mapping[str, bool]) -> str:
    """Return a list of targets as Markdown, each with whether it is met."""
    lines = [f"- {'met' if ok else '**missed**'}: {name}" for name, ok in targets.items()]
    return "## Targets\n\n" + "\n".join(lines) + "\n"


def write(out: Path, record: dict[str, Any], page: str) -> None:
    """Write OUT.json for programs and OUT.md for people."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    out.with_suffix(".md").write_text(page, "utf-8")
