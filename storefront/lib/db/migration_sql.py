"""Migration SQL: run the ``.sql`` files beside a migration."""

from pathlib import Path

from django.db.migrations import RunSQL


def run_files(migration: str, *names: str) -> list[RunSQL]:
    """Return one operation for each file of the folder ``sql`` beside a migration.

    The files are written so that they can run again. They cannot be reversed.
    """
    folder = Path(migration).parent / "sql"
    return [RunSQL((folder / name).read_text(encoding="utf-8")) for name in names]
