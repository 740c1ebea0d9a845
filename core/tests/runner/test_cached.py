"""What is kept of a computed value, and what is tried anew."""

from __future__ import annotations

from pathlib import Path

from boildown.comparison.schema import Memory
from boildown.runner.cached import cached
from boildown.runner.store import Store

KEY = "ab" + "0" * 62


def test_a_value_that_tells_of_a_failure_is_tried_anew(tmp_path: Path) -> None:
    values = [Memory(peak_rss_bytes=None, reason="too slow"), Memory(peak_rss_bytes=5), None]
    found = [
        cached(
            Store(tmp_path),
            "memory",
            KEY,
            Memory,
            lambda _: values.pop(0),
            settled=lambda memory: memory.peak_rss_bytes is not None,
        )
        for _ in range(3)
    ]
    assert [memory and memory.peak_rss_bytes for memory in found] == [None, 5, 5]
    assert values == [None]
