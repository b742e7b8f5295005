"""Choose ports that nobody listens on."""

from __future__ import annotations

import socket
from collections.abc import Collection

HOST = "127.0.0.1"
TRIES = 200


class NoFreePortError(Exception):
    """A whole range of ports is taken."""


def free_port(preferred: int = 0, *, avoid: Collection[int] = ()) -> int:
    """Return the preferred port, or the next one that is free; 0 asks for any.

    Raises: NoFreePortError  two hundred ports in a row are taken
    """
    if not preferred:
        return _any_port(avoid)
    for port in range(preferred, min(preferred + TRIES, 65536)):
        if port not in avoid and is_free(port):
            return port
    raise NoFreePortError(f"Every port from {preferred} on is taken. Stop something, or wait.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # A port whose last connections are still fading out is free; one with a listener is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_port(avoid: Collection[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in avoid:
            return port
