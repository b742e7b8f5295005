"""Ports: claim free ports, so that no other launcher chooses them."""

from __future__ import annotations

import os
import socket
import sys

HOST = "127.0.0.1"
TRIES = 200
HIGHEST = 65535

# What this process has chosen, each with the descriptor that holds the claim until it is closed:
# at the latest when the process ends, however it ends.
_claims: dict[int, int] = {}


class NoFreePortError(Exception):
    """A whole range of ports is taken."""


def free_port(preferred: int = 0) -> int:
    """Claim the preferred port, or the next one that is free; 0 asks for any.

    Between choosing a port and listening on it, seconds pass. Another launcher that chooses in
    these seconds sees the claim and goes on to the next.

    Raises: NoFreePortError  two hundred ports in a row are taken
    """
    for turn in range(TRIES):
        port = preferred + turn if preferred else _any_port()
        if port <= HIGHEST and claim(port):
            return port
    raise NoFreePortError(f"Every port from {preferred} on is taken. Stop something, or wait.")


def claim(port: int) -> bool:
    """Note that we are going to listen there; return whether nobody else does or is going to."""
    if port in _claims:
        return False
    note = socket.socket(socket.AF_UNIX)
    try:
        if sys.platform == "linux":  # has names without a file, which vanish with their owner
            note.bind(f"\0fara-port-{port}")
        if is_free(port):
            _claims[port] = note.detach()
            return True
    except OSError:
        pass
    note.close()
    return False


def give_back(port: int) -> None:
    os.close(_claims.pop(port))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # A port whose last connections are still fading out is free; one with a listener is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
