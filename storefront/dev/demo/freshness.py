"""Know whether the demo's catalog is recent enough to open with.

While the demo runs, beat keeps the catalog fresh; the note's age is the time since then.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

FRESH_FOR_S = 3600


def is_fresh(var: Path, *, database_url: str) -> bool:
    """Test whether this database was synced within the last hour."""
    note = _note(var)
    return (
        note.exists()
        and note.read_text() == _which(database_url)
        and time.time() - note.stat().st_mtime < FRESH_FOR_S
    )


def mark(var: Path, *, database_url: str) -> None:
    _note(var).write_text(_which(database_url))


def keep(var: Path) -> None:
    """Renew the note when the demo closes, if there is one."""
    if _note(var).exists():
        _note(var).touch()


def _note(var: Path) -> Path:
    return var / "demo.synced"


def _which(database_url: str) -> str:
    """Name the database. Our own gets another port each time, so the port does not count."""
    parts = urlsplit(database_url)
    return f"{parts.hostname}{parts.path}"
