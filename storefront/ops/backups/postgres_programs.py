"""PostgreSQL programs: find pg_dump and pg_restore of the server's version, run them."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

PACKAGES = Path("/usr/lib/postgresql")  # where Debian installs each version


class ProgramError(Exception):
    """A program is missing or failed; the message says what to do."""


def run(name: str, options: Sequence[str]) -> None:
    """Run a program on the shop's database. The password is not in the command line.

    Raises: ProgramError
    """
    values = connection.get_connection_params()
    environ = {
        **os.environ,
        "PGHOST": str(values.get("host", "")),
        "PGPORT": str(values.get("port", "")),
        "PGUSER": str(values.get("user", "")),
        "PGPASSWORD": str(values.get("password", "")),
        "PGDATABASE": str(values["dbname"]),
    }
    done = subprocess.run(  # noqa: S603 - our own arguments
        [_find(name), *options], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProgramError(f"{name} failed: {done.stderr.strip()}")


def _find(name: str) -> Path:
    """Return the program of the server's major version, or the oldest newer one."""
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10_000
    folders = [*map(Path, os.get_exec_path()), *PACKAGES.glob("*/bin")]
    found = {_major(folder / name): folder / name for folder in reversed(folders)}
    suitable = [major for major in found if major >= server]
    if not suitable:
        raise ProgramError(
            f"There is no {name} of PostgreSQL {server} or later on this machine. The image of the"
            f" shop has one; elsewhere, install postgresql-client-{server}."
        )
    return found[min(suitable)]


def _major(program: Path) -> int:
    """Return the version of a program; 0 if there is none."""
    try:
        text = subprocess.run(  # noqa: S603 - a path that we made
            [program, "--version"], capture_output=True, text=True, check=True
        ).stdout
        return int(text.split()[2].split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0
