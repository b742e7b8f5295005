"""Schema setup: create the tables by migrations, or from a dump of a run with the same code.

Migrations take a sixth of a run, and always have the same result.
"""

import hashlib
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connection

from storefront.dev.chaos.instance.failpoints import APPS, ROOT
from storefront.dev.runtime.postgres import PostgresError, find_programs

DUMPS_FOLDER = "schema"
SOURCES = (".py", ".sql")
TIMEOUT_S = 60


def create_schema(var: Path, url: str) -> None:
    """Create the schema in an empty database; an outdated dump is not used."""
    file = var / DUMPS_FOLDER / f"{digest(ROOT)}.sql"
    if file.exists() and _run("psql", url, "--quiet", "--single-transaction", "--file", file):
        return
    call_command("migrate", verbosity=0, interactive=False)
    _dump(file, url)


def digest(root: Path) -> str:
    """Return a hash of the code without tools: the schema is created again when it changes."""
    found = hashlib.sha256()
    for app in APPS:
        for file in sorted((root / app).rglob("*")):
            if file.suffix not in SOURCES or file.is_relative_to(root / "storefront" / "dev"):
                continue
            found.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes())
    for file in sorted((root / "requirements").glob("*")):
        found.update(file.read_bytes())
    return found.hexdigest()[:32]


def _dump(file: Path, url: str) -> None:
    connection.close()
    file.parent.mkdir(parents=True, exist_ok=True)
    for old in file.parent.glob("*"):
        old.unlink()
    unfinished = file.with_suffix(".new")
    if _run("pg_dump", url, "--no-owner", "--file", unfinished):
        unfinished.rename(file)


def _run(program: str, url: str, *words: str | Path) -> bool:
    """Run a PostgreSQL program; return False if it is missing or fails."""
    parts = urlsplit(url)
    env = {**os.environ, "PGPASSWORD": parts.password or "", "PGOPTIONS": ""}
    plain = parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}").geturl()
    stop = ["--set", "ON_ERROR_STOP=1"] if program == "psql" else []
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own, on our own database
            [find_programs() / program, *stop, *words, "--dbname", plain],
            env=env,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, PostgresError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
