"""Gather the rows of one product on disk: a file may tell of its variants far apart."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import batched, groupby
from operator import itemgetter
from pathlib import Path

import msgspec

from suppliers.connectors.feed.rows.mapped import Mapped
from suppliers.connectors.feed.rows.skus import twin_key

BATCH = 2_000
MOST_TOGETHER = 500
SETTINGS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4000;
PRAGMA temp_store = FILE;
"""


class Shelf:
    """A file's rows, by product and in the order of the file."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._base = sqlite3.connect(path)
        self._base.executescript(SETTINGS + "CREATE TABLE rows (ref TEXT, sku TEXT, said BLOB);")
        self._write = msgspec.msgpack.Encoder().encode
        self._read = msgspec.msgpack.Decoder(Mapped).decode

    def fill(self, rows: Iterable[Mapped]) -> None:
        """Lay all rows down."""
        kept = ((row.parent or row.sku, row.sku, self._write(row)) for row in rows)
        for batch in batched(kept, BATCH):
            self._base.executemany("INSERT INTO rows VALUES (?, ?, ?)", batch)
        self._base.commit()
        self._base.execute("CREATE INDEX by_ref ON rows (ref)")

    def products(self) -> Iterator[tuple[str, list[Mapped]]]:
        """Yield each product's rows together; of too many, the first ones."""
        found = self._base.execute("SELECT ref, said FROM rows ORDER BY ref, rowid")
        for ref, group in groupby(found, key=itemgetter(0)):
            rows = [
                self._read(said) for _, (_, said) in zip(range(MOST_TOGETHER), group, strict=False)
            ]
            yield ref, rows

    def close(self) -> None:
        self._base.close()


class Seen:
    """What came by, by name, kept on disk: whoever comes twice is noticed."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.executescript(
            SETTINGS + "CREATE TABLE seen (name TEXT PRIMARY KEY, said TEXT) WITHOUT ROWID; BEGIN;"
        )

    def first(self, name: str, said: str) -> str:
        """Remember what is said of a name; return what was said before, if something was."""
        try:
            self._base.execute("INSERT INTO seen VALUES (?, ?)", (name, said))
        except sqlite3.IntegrityError:
            found = self._base.execute("SELECT said FROM seen WHERE name = ?", (name,)).fetchone()
            return str(found[0])
        return ""

    def twin(self, sku: str) -> str:
        """Remember a SKU; return the one that came before and looks the same, if one did."""
        return self.first(twin_key(sku), sku)

    def close(self) -> None:
        self._base.close()


class Refs:
    """Which product each SKU belongs to, for files that do not say."""

    def __init__(self, path: Path, pairs: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """Open what is kept at ``path``; where nothing is, make it of ``pairs``."""
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            base = sqlite3.connect(fresh)
            base.executescript(
                SETTINGS + "CREATE TABLE refs (sku TEXT PRIMARY KEY, ref TEXT) WITHOUT ROWID;"
            )
            for batch in batched(pairs(), BATCH):
                base.executemany("INSERT OR IGNORE INTO refs VALUES (?, ?)", batch)
            base.commit()
            base.close()
            fresh.replace(path)
        self._base = sqlite3.connect(path)

    def of(self, sku: str) -> str:
        found = self._base.execute("SELECT ref FROM refs WHERE sku = ?", (sku,)).fetchone()
        return str(found[0]) if found else sku

    def close(self) -> None:
        self._base.close()
