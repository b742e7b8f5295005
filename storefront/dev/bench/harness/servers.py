"""Benchmark servers: start web servers, read their processor time."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from storefront.dev.bench.harness.load import HOST
from storefront.dev.runtime.ports import free_port, is_free
from storefront.dev.runtime.processes import wait_until

SHOP = "storefront.wsgi:application"
BARE = "storefront.dev.bench.harness.bare.wsgi:application"
FIRST_PORT = 18_100
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60.0
WORKERS = 2
THREADS = 2


class ServerDiedError(RuntimeError):
    """A server did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A web server of the benchmark, on a port."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Return the processor seconds of the server and its workers so far."""
        pids = [self.pid, *descendants(self.pid)]
        return sum(ticks(pid) for pid in pids) / TICKS_PER_SECOND


@contextmanager
def serving(
    name: str, application: str = SHOP, *, port: int = 0, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve an application with two workers of two threads until the block ends.

    Raises: ServerDiedError: it did not respond in time; its log says why.
    """
    port = port or free_port(FIRST_PORT)
    command = [sys.executable, "-m", "storefront.server", "--interface", "wsgi", "--host", HOST]
    command += ["--port", str(port), "--workers", str(WORKERS), "--no-access-log"]
    command += ["--blocking-threads", str(THREADS), "--workers-kill-timeout", "3", application]
    log = Path(settings.VAR_DIR) / "log" / f"bench-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    known = {**os.environ, "LOG_LEVEL": "WARNING", **(env or {})}
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=known)  # noqa: S603 - our own
    try:
        wait_until(lambda: process.poll() is not None or not is_free(port), seconds=PATIENCE_S)
        if process.poll() is not None or is_free(port):
            raise ServerDiedError(f"{log}: {log.read_text()[-500:]}")
        yield Server(port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=15)


def descendants(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    direct = [int(child) for child in text.split()]
    return direct + [grandchild for child in direct for grandchild in descendants(child)]


def ticks(pid: int) -> int:
    """Return user and system ticks of a process, without its ended children."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
