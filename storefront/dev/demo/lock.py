"""Demo lock: allow one demo per clone, stop another, clean up after a killed one."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from storefront.dev.demo import secrets
from storefront.dev.runtime.processes import POLL_S, Child, stop_leftover

STOP_PATIENCE_S = 60.0


class AlreadyRunningError(Exception):
    """Another launcher holds the lock of this demo."""


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Hold the demo's lock; it is released when this process ends, even if it is killed.

    Raises: AlreadyRunningError
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def stop_other(var: Path) -> bool:
    """Ask the launcher that holds the lock to end, and wait; return whether it has ended."""
    deadline = time.monotonic() + STOP_PATIENCE_S
    has_asked = False
    while time.monotonic() < deadline:
        try:
            with alone(var):
                return True
        except AlreadyRunningError:
            holder = (var / "demo.lock").read_text()
            if holder and not has_asked:
                os.kill(int(holder), signal.SIGTERM)
                has_asked = True
            time.sleep(POLL_S)
    return False


def remember(var: Path, children: Sequence[Child]) -> None:
    """Record the running processes for the next launcher, in case this one is killed."""
    note = {child.name: [child.pid, " ".join(child.command)] for child in children if child.pid}
    secrets.write_private(var / "demo.pids", json.dumps(note))


def forget(var: Path) -> None:
    (var / "demo.pids").unlink(missing_ok=True)


def stop_leftovers(var: Path) -> list[str]:
    """Stop the processes of a killed launcher, datastores last; return their names."""
    note = var / "demo.pids"
    if not note.exists():
        return []
    try:
        remembered = json.loads(note.read_text())
    except ValueError:
        remembered = {}
    stopped = []
    # In the reverse order of their start, which began with the datastores.
    for name, (pid, command) in reversed(list(remembered.items())):
        ending = signal.SIGINT if name == "postgres" else signal.SIGTERM
        if stop_leftover(pid, marks=[command], stop_signal=ending):
            stopped.append(name)
    note.unlink()
    return stopped
