"""Take the network away from a worker: nothing is downloaded at run time, by anybody."""

from __future__ import annotations

import sys
from typing import Any

_FORBIDDEN = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}


class NetworkForbiddenError(OSError):
    """A toolkit tried to reach the network from inside a job."""


def forbid_network() -> None:
    """Make every connection and name look-up of this process raise, Unix sockets aside.

    An audit hook cannot be removed again (PEP 578), so a library cannot undo it by patching.
    """
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _FORBIDDEN:
        return
    has_address = event in {"socket.connect", "socket.sendto"}
    target = arguments[-1] if has_address else arguments[0]
    if has_address and isinstance(target, str | bytes):
        return  # a Unix socket: its address is a path
    raise NetworkForbiddenError(f"a job may not use the network ({event} {target!r})")
