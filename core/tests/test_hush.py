"""What libraries write to the terminal is kept for the log, whoever writes it."""

from __future__ import annotations

import logging
import os
import sys

import pytest
from boildown import hushed


def test_both_descriptors_and_both_streams_go_to_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), hushed():
        os.write(1, b"compiled out\n")
        os.write(2, b"compiled err\n")
        print("python out")
        print("python err", file=sys.stderr)
    assert capfd.readouterr() == ("", "")
    assert {"compiled out", "compiled err", "python out", "python err"} <= {*caplog.messages}


def test_the_streams_are_back_afterwards_even_after_an_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="broken"), hushed():
        raise ValueError("broken")
    os.write(2, b"heard\n")
    print("heard")
    assert capfd.readouterr() == ("heard\n", "heard\n")
