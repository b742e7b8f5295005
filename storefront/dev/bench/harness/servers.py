"""Benchmark servers: start web servers, read their processor time."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storefront.dev.bench.harness.load import HOST

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60.0
WORKERS = 2
THREADS = 2


class ServerDiedError(RuntimeError):
    """A server did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A web server of the benchmark, on a port."""

    name: str
    port: int
    pid: int

    def cpu_s(self) -> float:
        """Return the processor seconds of the server and its workers so far."""
        pids = [self.pid, *descendants(self.pid)]
        return sum(ticks(pid) for pid in pids) / TICKS_PER_SECOND


@contextmanager
def serving(
    name: str, application: str, *, port: int, env: Mapping[str, str], log: Path
) -> Iterator[Server]:
    """Serve an application with two workers of two threads until the block ends.

    Raises: ServerDiedError: it did not respond in time; its log says why.
    """
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST]
    command += ["--port", str(port), "--workers", str(WORKERS), "--no-access-log"]
    command += ["--blocking-threads", str(THREADS), "--workers-kill-timeout", "3", application]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=output, stderr=output, env={**os.environ, **env}
        )
    try:
        _wait(process, port, log)
        yield Server(name=name, port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=15)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise ServerDiedError(f"{log}: {log.read_text()[-500:]}")


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
