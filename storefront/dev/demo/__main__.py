"""Demo: run the whole shop on this machine until Ctrl-C.

Usage:
    python -m storefront.dev.demo          start, or say where it already runs
    python -m storefront.dev.demo reset    delete its data and start again
    python -m storefront.dev.demo stop     stop the running demo
"""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from storefront.dev.demo import lock, migration_files, startup, status_file
from storefront.dev.runtime import datastores
from storefront.dev.runtime.console import complain, say
from storefront.dev.runtime.ports import NoFreePortError
from storefront.dev.runtime.postgres import PostgresError
from storefront.dev.runtime.redis_server import RedisError
from storefront.dev.runtime.supervisor import (
    ChildDiedError,
    NotReadyError,
    StopRequestedError,
    Supervisor,
)
from storefront.ops.environment import is_set

FOLDERS = (
    "sandbox",
    "bigbuy",
    "wholesaler",
    "feeds",
    "gateway",
    "tracker",
    "shopify",
    "woocommerce",
    "bigcommerce",
    "mail",
    "media",
    "log",
)
FILES = ("demo.env", "demo.synced", migration_files.RECORD, "beat-schedule*")
STOP_ORDER = (
    ("web", "worker", "beat"),
    ("sandboxes",),
    ("redis",),
    ("postgres",),
)
FAILURES = (PostgresError, RedisError, NoFreePortError, ChildDiedError, NotReadyError)


def main(words: Sequence[str]) -> int:
    var = Path(os.environ.get("VAR_DIR") or startup.ROOT / "var").resolve()
    if list(words) == ["stop"]:
        return stop(var)
    if list(words) == ["reset"]:
        return reset(var)
    if words:
        complain(__doc__ or "")
        return 2
    try:
        with lock.alone(var):
            return run(var)
    except lock.AlreadyRunningError:
        return say_where_it_runs(var)


def stop(var: Path) -> int:
    if not lock.stop_other(var):
        complain(f"The running demo does not stop. Its logs are in {var / 'log'}.")
        return 1
    say("No demo is running now")
    return 0


def reset(var: Path) -> int:
    """Delete the demo's data and run it again; refuse if the environment names a database."""
    foreign = [name for name in ("DATABASE_URL", "REDIS_URL") if is_set(os.environ, name)]
    if foreign:
        complain(
            f"{' and '.join(foreign)} is set. The demo deletes only databases that it created."
            " Empty it yourself, or unset it."
        )
        return 1
    if code := stop(var):
        return code
    with lock.alone(var):
        clear_leftovers(var)
        say("Deleting the demo's data")
        datastores.wipe(var)
        for folder in FOLDERS:
            shutil.rmtree(var / folder, ignore_errors=True)
        for pattern in FILES:
            for path in var.glob(pattern):
                path.unlink()
        return run(var)


def run(var: Path) -> int:
    """Start all processes, watch them, and stop them even after an error."""
    started_at = time.monotonic()
    supervisor = Supervisor()
    supervisor.listen()
    clear_leftovers(var)
    code = 1
    try:
        opened = startup.open_shop(supervisor, var)
        code = 0

        def write_status() -> dict[str, Any]:
            children = supervisor.children
            lock.remember(var, children)
            return status_file.hang_up(
                var,
                settings=opened.settings,
                urls=opened.urls,
                staff=opened.staff,
                children=children,
            )

        seconds = time.monotonic() - started_at
        say(f"Ready after {seconds:.1f} s\n\n{status_file.table(write_status())}\n")
        say(f"Ctrl-C stops everything. Logs: {var / 'log'}")
        supervisor.watch(write_status)
    except StopRequestedError:
        code = 130
    except migration_files.EditedMigrationsError as error:
        code = 1
        complain(str(error))
    except FAILURES as error:
        code = 1
        complain(f"{error}\n\nAfter you have fixed this, run `make demo` again to continue.")
    finally:
        close(supervisor, var)
    return code


def close(supervisor: Supervisor, var: Path) -> None:
    say("Stopping")
    started_at = time.monotonic()
    status_file.take_down(var)
    supervisor.stop(STOP_ORDER)
    lock.forget(var)
    startup.keep(var)
    say(f"The demo has stopped ({time.monotonic() - started_at:.1f} s)")


def clear_leftovers(var: Path) -> None:
    status_file.take_down(var)
    if stopped := lock.stop_leftovers(var):
        say(f"Stopped processes left by an earlier demo: {', '.join(stopped)}")


def say_where_it_runs(var: Path) -> int:
    """Show the addresses of the running demo; there are none while it starts or stops."""
    facts = status_file.read(var)
    if facts is None:
        complain("The demo is starting or stopping. Wait a moment, or run: make demo-stop")
        return 1
    say(f"The demo is already running:\n\n{status_file.table(facts)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
