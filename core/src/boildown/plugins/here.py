"""What this computer is, as far as it decides whether a file is made for it."""

from __future__ import annotations

import platform

_ARM = ("aarch64", "arm64", "armv7l", "armv8l")


def on_arm() -> bool:
    """Tell whether this is an ARM computer, as phones and most small boards are."""
    return platform.machine().lower() in _ARM
