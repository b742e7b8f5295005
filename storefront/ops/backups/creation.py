"""Backup: write database, files and manifest of the shop into one tar file.

All counts and the dump are of one snapshot of the database. The files are read after it: a row of
the snapshot has its file, unless the row was deleted meanwhile. The manifest is the last member, so
that a file that was cut off has none.
"""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection, transaction

from storefront.identity import live_database
from storefront.ops.backups import postgres_programs
from storefront.ops.backups.manifest import DUMP, FILES, NAME, Manifest


class HashingReader:
    """A file that tarfile reads, and the digest of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self.digest.update(part)
        return part


def create(*, folder: Path, now: datetime) -> Path:
    """Write a backup into a folder and return its path; only its owner may read it.

    Raises: ProgramError  pg_dump is missing or failed
            OSError       the folder cannot be written to
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"fara-{now:%Y-%m-%d-%H%M%S}.tar"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as work:
        dump = Path(work, DUMP)
        counts = _dump(dump)
        unfinished = Path(work, path.name)
        with unfinished.open("xb") as target:
            os.fchmod(target.fileno(), 0o600)
            with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
                members = {DUMP: _add(archive, dump, DUMP)}
                for name, file in _files():
                    members[name] = _add(archive, file, name)
                manifest = Manifest.describe(counts=counts, members=members, now=now)
                content = manifest.to_json()
                info = tarfile.TarInfo(NAME)
                info.size, info.mtime = len(content), now.timestamp()
                archive.addfile(info, io.BytesIO(content))
            target.flush()
            os.fsync(target.fileno())
        unfinished.rename(path)
    live_database.record_backup(now=now)
    return path


def _dump(path: Path) -> dict[str, int]:
    """Dump the database into a file; return the number of rows of each table in the dump."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # pg_dump may take longer than a page may.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        postgres_programs.run(
            "pg_dump",
            ["--format=custom", f"--snapshot={snapshot}", f"--file={path}"],
        )
        return count_rows()


def count_rows() -> dict[str, int]:
    """Return the number of rows of each table of the database."""
    with connection.cursor() as cursor:
        names = sorted(
            table.name
            for table in connection.introspection.get_table_list(cursor)
            if table.type in {"t", "p"}
        )
        counts = {}
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608
            (counts[name],) = cursor.fetchone()
        return counts


def _files() -> Iterator[tuple[str, Path]]:
    """Yield each file that the shop stores, with its name in the backup."""
    for setting in settings.DATA_ROOTS:
        root = Path(getattr(settings, setting))
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield f"{FILES}/{setting}/{path.relative_to(root).as_posix()}", path


def _add(archive: tarfile.TarFile, path: Path, name: str) -> tuple[int, str]:
    """Add a file; return its size and SHA-256."""
    with path.open("rb") as file:
        info = archive.gettarinfo(fileobj=file, arcname=name)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        reader = HashingReader(file)
        archive.addfile(info, reader)
        return info.size, reader.digest.hexdigest()
