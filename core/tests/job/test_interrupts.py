"""Ctrl-C waits until what was begun can also be ended."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest
from boildown.job.interrupts import interrupts_held

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt as in a foreground process; one in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_is_raised_when_the_block_is_done() -> None:
    done = []

    def begin() -> None:
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        begin()
    assert done


def test_outside_of_the_block_an_interruption_comes_at_once() -> None:
    with interrupts_held():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_error_in_the_block_is_raised_and_the_handler_is_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(OSError, match="no memory"), interrupts_held():
        raise OSError("no memory")
    assert signal.getsignal(signal.SIGINT) is before


def test_in_other_threads_nothing_has_to_be_held() -> None:
    passed = []

    def work() -> None:
        with interrupts_held():
            passed.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert passed == [signal.getsignal(signal.SIGINT)]


def test_what_ignores_interruptions_goes_on_to_ignore_them() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
