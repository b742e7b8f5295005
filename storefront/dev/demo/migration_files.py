"""Migration files: record which built the demo's database, refuse edited ones.

Before the first release migrations are edited in place, and Django does not see that.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

RECORD = "demo.migrations"


class EditedMigrationsError(Exception):
    """The migrations that built the demo's database differ from those of this checkout."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "The demo's data is of another version. Migrations that have changed since:\n"
            + "".join(f"  {name}\n" for name in sorted(names))
            + "Delete the data and start again with: make demo-reset"
        )


def record(var: Path, *, root: Path) -> None:
    (var / RECORD).write_text(json.dumps(_hashes(root), indent=2) + "\n")


def require_same(var: Path, *, root: Path) -> None:
    """Raise EditedMigrationsError if an applied file has changed; new files are fine."""
    try:
        applied: dict[str, str] = json.loads((var / RECORD).read_text())
    except OSError:
        return
    present = _hashes(root)
    if names := [name for name, digest in applied.items() if present.get(name) != digest]:
        raise EditedMigrationsError(names)


def _hashes(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest()
        for folder in root.glob("[a-z]*/**/migrations")
        for path in folder.rglob("*")
        if path.suffix in {".py", ".sql"}
    }
