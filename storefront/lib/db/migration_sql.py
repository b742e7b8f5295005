"""Migration SQL: run the ``.sql`` files beside a migration."""

from pathlib import Path

from django.db.migrations import RunSQL


def run_files(migration: str, *names: str) -> list[RunSQL]:
    """Return an operation for each file in ``sql/`` beside a migration. Files must be repeatable."""
    folder = Path(migration).parent / "sql"
    return [RunSQL((folder / name).read_text(encoding="utf-8")) for name in names]
