"""Compressing is shared, measuring is alone, and a measurement is not overtaken for ever."""

from __future__ import annotations

import threading
from pathlib import Path

from boildown.runner.lock import machine_lock


def test_two_may_compress_at_once(tmp_path: Path) -> None:
    with machine_lock("shared", tmp_path), machine_lock("shared", tmp_path):
        pass


def test_a_measurement_waits_for_compressing_to_end(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def measure() -> None:
        waiting.set()
        with machine_lock("exclusive", tmp_path):
            order.append("measured")

    with machine_lock("shared", tmp_path):
        thread = threading.Thread(target=measure)
        thread.start()
        waiting.wait(5)
        thread.join(0.2)
        order.append("compressed")
    thread.join(5)
    assert order == ["compressed", "measured"]


def test_new_compressing_waits_behind_a_measurement_that_waits(tmp_path: Path) -> None:
    order: list[str] = []

    def take(mode: str, name: str) -> None:
        with machine_lock(mode, tmp_path):  # type: ignore[arg-type]
            order.append(name)

    with machine_lock("shared", tmp_path):
        first = threading.Thread(target=take, args=("exclusive", "measured"))
        first.start()
        first.join(0.2)
        second = threading.Thread(target=take, args=("shared", "compressed later"))
        second.start()
        second.join(0.2)
        assert order == []
    first.join(5)
    second.join(5)
    assert order == ["measured", "compressed later"]
