"""Temporary datastores: run one command with a PostgreSQL and a Redis that are deleted afterwards.

    python -m storefront.dev.runtime.with_datastores pytest -q

A server that DATABASE_URL or REDIS_URL already names is used instead. With ``--durable`` before the
command, PostgreSQL writes as durably as in production, so that the cost can be measured.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from storefront.dev.runtime import datastores
from storefront.dev.runtime.console import complain
from storefront.dev.runtime.postgres import PostgresError
from storefront.dev.runtime.processes import POLL_S
from storefront.dev.runtime.redis_server import RedisError
from storefront.dev.runtime.supervisor import (
    ChildDiedError,
    NotReadyError,
    StopRequestedError,
    Supervisor,
)
from storefront.ops.environment import override

ROOT = Path(__file__).resolve().parents[3]
DURABLE = "--durable"
SHELF = ROOT / "var/throwaway"


def main(command: Sequence[str]) -> int:
    is_durable = command[:1] == [DURABLE]
    command = command[is_durable:]
    supervisor = Supervisor()
    supervisor.listen()
    with throwaway_folder(SHELF) as home:
        try:
            stores = datastores.prepare(
                home=home,
                logs=home,
                environ=os.environ,
                is_throwaway=True,
                is_durable=is_durable,
            )
            for child in stores.children:
                supervisor.start(child)
            supervisor.wait_until_ready(stores.children)
            return run(supervisor, command, override(os.environ, stores.addresses))
        except (PostgresError, RedisError, ChildDiedError, NotReadyError) as error:
            complain(str(error))
            return 1
        except StopRequestedError:
            return 128 + supervisor.requests[0]
        finally:
            supervisor.stop([["redis"], ["postgres"]])
            datastores.wipe(home)


def run(supervisor: Supervisor, command: Sequence[str], env: dict[str, str]) -> int:
    """Run the command in this terminal, so that a debugger works; return its exit code."""
    process = subprocess.Popen(command, env=env)
    passed_on = 0
    while process.poll() is None:
        for number in supervisor.requests[passed_on:]:
            passed_on += 1
            # Ctrl-C at a terminal has reached the command already.
            if number != signal.SIGINT or not os.isatty(0):
                process.send_signal(number)
        supervisor.wake.wait(POLL_S)
        supervisor.wake.clear()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


@contextmanager
def throwaway_folder(shelf: Path) -> Iterator[Path]:
    """Yield a new folder; delete it afterwards, and delete the folders of killed processes first.

    The lock on a folder ends with its process, even if the process is killed.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    with (shelf / "lock").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        for folder in shelf.glob("*/"):
            _take_away_if_abandoned(folder)
        home = Path(tempfile.mkdtemp(dir=shelf))
        home.chmod(0o755)  # the unprivileged account must be able to enter
        mine = (home / "lock").open("a")
        fcntl.flock(mine, fcntl.LOCK_EX)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
        mine.close()


def _take_away_if_abandoned(folder: Path) -> None:
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        datastores.wipe(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
