"""A job has no network: whatever way a library takes, nobody is reached."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

GUARD = "from boildown.job.confine import forbid_network; forbid_network()"
WAYS = {
    "tcp": "import socket; socket.create_connection(('127.0.0.1', PORT), timeout=5)",
    "http": "import urllib.request as u; u.urlopen('http://127.0.0.1:PORT', timeout=1)",
    "name": "import socket; socket.getaddrinfo('localhost', PORT)",
    "udp": "from socket import *; socket(type=SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "patched": "import sys, socket as s; del sys.addaudithook; s.create_connection(('::1', PORT))",
}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listen on a port of this computer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def attempt(code: str, listener: socket.socket) -> str:
    """Run code in a process of its own and return what it says in the end."""
    text = code.replace("PORT", str(listener.getsockname()[1]))
    command = [sys.executable, "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("way", WAYS)
def test_no_way_out_of_a_job(way: str, listener: socket.socket) -> None:
    assert "a job may not use the network" in attempt(f"{GUARD}\n{WAYS[way]}", listener)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_without_the_guard_the_listener_is_reached(listener: socket.socket) -> None:
    assert attempt(WAYS["tcp"], listener) == ""
    listener.accept()[0].close()


def test_sockets_of_this_computer_stay_allowed(listener: socket.socket) -> None:
    pair = "import socket; a, b = socket.socketpair(); a.sendall(b'x'); b.recv(1)"
    unix = "import socket; socket.socket(socket.AF_UNIX).connect('/nonexistent')"
    assert attempt(f"{GUARD}\n{pair}", listener) == ""
    assert "FileNotFoundError" in attempt(f"{GUARD}\n{unix}", listener)
