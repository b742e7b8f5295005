"""Ports: claim free ports, so that no other launcher chooses them."""

import os
import socket
import sys

HOST = "127.0.0.1"
TRIES = 200
HIGHEST = 65535

# Chosen ports, each with the descriptor that holds the claim until it is closed, at the latest
# when the process ends.
_claims: dict[int, int] = {}


class NoFreePortError(Exception):
    """A whole range of ports is in use."""


def free_port(preferred: int = 0) -> int:
    """Claim the preferred port, or the next free one; 0 asks for any.

    Seconds pass between the choice of a port and listening on it. Another launcher that chooses
    meanwhile sees the claim and takes the next port.

    Raises: NoFreePortError: two hundred ports in a row are in use.
    """
    for turn in range(TRIES):
        port = preferred + turn if preferred else _any_port()
        if port <= HIGHEST and claim(port):
            return port
    raise NoFreePortError(
        f"Every port from {preferred} on is in use. Stop a program that uses one, or wait."
    )


def claim(port: int) -> bool:
    """Claim a port; return False if another process listens on it or has claimed it."""
    if port in _claims:
        return False
    note = socket.socket(socket.AF_UNIX)
    try:
        if (
            sys.platform == "linux"
        ):  # Linux has abstract names without a file, which end with their owner
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
        # A port with closing connections (TIME_WAIT) is free; one with a listener is not.
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
