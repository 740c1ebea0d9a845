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


#: Statuses of rows that say what a method gives; others are tried again.
SETTLED = ("ok", "no_effect", "unsupported")
_VERDICTS = {True: "met", False: "**missed**", None: "not run"}


def targets_in_words(targets: Mapping[str, bool | None]) -> str:
    """Return a list of targets as Markdown, each with whether it is met; None: not run."""
    lines = [f"- {_VERDICTS[ok]}: {name}" for name, ok in targets.items()]
    return "## Targets\n\n" + "\n".join(lines) + "\n"


def read(out: Path) -> dict[str, Any]:
    """Return the record at OUT.json, or one without runs and rows."""
    path = out.with_suffix(".json")
    empty: dict[str, Any] = {"runs": [], "rows": []}
    return json.loads(path.read_text("utf-8")) if path.exists() else empty


def with_rows(
    rows: list[dict[str, Any]], found: list[dict[str, Any]], *keys: str
) -> list[dict[str, Any]]:
    """Return rows with those that were found, in the place of earlier ones of the same `keys`."""
    again = [[row[key] for key in keys] for row in found]
    return [*(row for row in rows if [row[key] for key in keys] not in again), *found]


def write(out: Path, record: dict[str, Any], page: str) -> None:
    """Write OUT.json for programs and OUT.md for people."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    out.with_suffix(".md").write_text(page, "utf-8")
