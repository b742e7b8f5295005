"""Restore: check a backup, load it into an empty database, compare what arrived.

The restored database is a copy (``storefront.identity.live_database``): the shop stays closed and
its workers do nothing until staff switch it on.
"""

import hashlib
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings
from django.db import connection

from storefront.dashboard.invariants import registry
from storefront.dashboard.invariants.registry import Finding
from storefront.ops.backups import postgres_programs
from storefront.ops.backups.creation import count_rows
from storefront.ops.backups.manifest import DUMP, FILES, NAME, Manifest

PART = 1 << 20


class RestoreError(Exception):
    """The backup cannot be restored; each argument is a reason with what to do."""


def restore(*, path: Path) -> tuple[Manifest, list[Finding]]:
    """Restore a backup; return its manifest and the violated invariants, as of the backup's time.

    Nothing is changed before the whole file is checked. The database is filled in one transaction.

    Raises: RestoreError  the file, this process or the database does not fit
            ProgramError  pg_restore is missing or failed; the database is still empty
    """
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = _check(archive)
            # Beside the backup: the temporary folder of a container is in its memory.
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".unfinished-") as work:
                dump = Path(work, DUMP)
                _copy(_open(archive, DUMP), dump)
                postgres_programs.run("pg_restore", [*_OPTIONS, str(dump)])
            _restore_files(archive, manifest)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise RestoreError(f"{path} cannot be read: {error}") from error
    connection.close()  # it knows the types of the empty database
    counts = count_rows()
    if different := sorted(
        f"{name} has {counts.get(name, 0)} rows, the backup {count}"
        for name, count in manifest.counts.items()
        if counts.get(name) != count
    ):
        raise RestoreError(*different)
    findings = registry.check_all(now=manifest.created_at)
    return manifest, [finding for finding in findings if finding.count]


_OPTIONS = (
    # The role of the app may not exist yet; ``grant_app_role`` gives it its rights.
    *("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"),
    *("--dbname", ""),  # that of the environment
)


def _check(archive: tarfile.TarFile) -> Manifest:
    """Return the manifest if the backup is whole and fits this process and an empty database."""
    found: dict[str, tuple[int, str]] = {}
    manifest = None
    for info in archive:
        if info.name == NAME:
            try:
                manifest = Manifest.parse(_open(archive, info).read())
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise RestoreError(f"The manifest cannot be read: {error}") from error
        else:
            found[info.name] = (info.size, _digest(_open(archive, info)))
    if manifest is None:
        raise RestoreError("The file has no manifest: it was cut off, or is no backup of a shop.")
    faults = list(manifest.faults())
    faults += [
        f"{name} is damaged or missing."
        for name, known in manifest.members.items()
        if found.get(name) != known
    ]
    faults += [
        f"{name} is not in the manifest." for name in sorted(found.keys() - manifest.members)
    ]
    if count_rows():
        faults.append("The database is not empty. Restore into a new one.")
    if faults:
        raise RestoreError(*faults)
    return manifest


def _restore_files(archive: tarfile.TarFile, manifest: Manifest) -> None:
    """Write the files of the backup; a file of the same name is replaced, others stay."""
    for name in manifest.members:
        if name != DUMP:
            _copy(_open(archive, name), _destination(name))


def _destination(name: str) -> Path:
    """Return where a file of the backup belongs. Raises RestoreError if that is elsewhere."""
    folder, setting, *rest = PurePosixPath(name).parts
    if folder != FILES or setting not in settings.DATA_ROOTS or not rest or ".." in rest:
        raise RestoreError(f"{name} belongs to no folder of the shop.")
    path = Path(getattr(settings, setting), *rest)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _copy(source: IO[bytes], path: Path) -> None:
    """Write a file, readable by its owner if it is private."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as target:
        shutil.copyfileobj(source, target, PART)
    unfinished.chmod(0o600 if path.is_relative_to(settings.PRIVATE_ROOT) else 0o644)
    unfinished.rename(path)


def _open(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    """Open a member. Raises RestoreError if it is missing, or no file."""
    try:
        file = archive.extractfile(member)
    except KeyError:
        file = None
    if file is None:
        raise RestoreError(f"{member} is missing, or is no file.")
    return file


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for part in _parts(file):
        digest.update(part)
    return digest.hexdigest()


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(PART):
        yield part
