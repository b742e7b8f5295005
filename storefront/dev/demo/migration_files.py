"""Migration files: record which built the demo's database, refuse edited ones.

Before the first release migrations are edited in place, and Django does not see that.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

RECORD = "demo.migrations"


class EditedMigrationsError(Exception):
    """The migrations that built the demo's database are not those of this checkout, or unknown."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        changed = "".join(f"  {name} has changed\n" for name in sorted(names))
        super().__init__(
            f"The demo's data is of another version.\n{changed}"
            "Delete the data and start again with: make demo-reset"
        )


def record(var: Path, *, root: Path) -> None:
    (var / RECORD).write_text(json.dumps(_hashes(root), indent=2) + "\n")


def require_same(var: Path, *, root: Path, has_data: bool) -> None:
    """Raise EditedMigrationsError if an applied file has changed; new files are fine.

    Data without a record is of a version before there were records.
    """
    try:
        applied: dict[str, str] = json.loads((var / RECORD).read_text())
    except OSError:
        if has_data:
            raise EditedMigrationsError from None
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
