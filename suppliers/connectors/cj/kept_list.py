"""Keep the list of products as it was walked last, so that the jobs of one hour walk it once.

A walk of 10,000 products is a hundred calls and more, and 50 points each. One job walks; those
that may take what another one heard wait for it, and read what it left on disk.
"""

from __future__ import annotations

import fcntl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from catalog.records import BadRow
from suppliers.connectors.records import ListRow, StockRecord

FILE, LOCK = "cj-list.ndjson", "cj-list.lock"
PATIENCE_S = 240.0
NAP_S = 0.1
PARTS_LAST_S = 24 * 3600


class _Head(msgspec.Struct):
    """Whose list it is, and when it was asked for."""

    address: str
    at: datetime


class _Kept(msgspec.Struct, array_like=True):
    """A row, or what is wrong with one."""

    ref: str
    digest: str = ""
    cost_digest: str = ""
    minimum_quantity: int | None = None
    stock: tuple[StockRecord, ...] | None = None
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptList:
    """One connection's list on the disk of this machine.

    Shape:  ``address`` is the supplier's: what another one said is not his
    """

    folder: Path
    address: str

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else here walks the list; who waits for too long walks beside them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        give_up_at = time.monotonic() + PATIENCE_S
        with (self.folder / LOCK).open("ab") as lock:
            while time.monotonic() < give_up_at:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(NAP_S)
                else:
                    break
            yield

    def at(self) -> datetime | None:
        """Return when the list that is kept was asked for."""
        try:
            with (self.folder / FILE).open("rb") as file:
                head = msgspec.json.decode(file.readline(), type=_Head)
        except (OSError, msgspec.DecodeError):
            return None
        return head.at if head.address == self.address else None

    def rows(self) -> Iterator[ListRow | BadRow]:
        decode = msgspec.json.Decoder(_Kept).decode
        with (self.folder / FILE).open("rb") as file:
            file.readline()
            for line in file:
                yield _row(decode(line))

    def keep(self, walk: Iterator[ListRow | BadRow]) -> Iterator[ListRow | BadRow]:
        """Tell a walk on, and keep it if it comes to its end."""
        at = datetime.fromtimestamp(time.time(), UTC)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        encode = msgspec.json.Encoder(decimal_format="number").encode
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
            path = Path(file.name)
            try:
                file.write(encode(_Head(address=self.address, at=at)) + b"\n")
                for row in walk:
                    file.write(encode(_kept(row)) + b"\n")
                    yield row
                file.close()
                if (newest := self.at()) is None or newest < at:
                    path.replace(self.folder / FILE)
            finally:
                path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what walks have left whose worker was killed."""
        for part in self.folder.glob("*.part"):
            with suppress(FileNotFoundError):
                if time.time() - part.stat().st_mtime > PARTS_LAST_S:
                    part.unlink()


def _kept(row: ListRow | BadRow) -> _Kept:
    if isinstance(row, BadRow):
        return _Kept(ref="", bad=(row,))
    stock = row.stock
    return _Kept(
        ref=row.ref,
        digest=row.digest,
        cost_digest=row.cost_digest,
        minimum_quantity=row.minimum_quantity,
        stock=None if stock is None else tuple(x for x in stock if isinstance(x, StockRecord)),
        bad=tuple(x for x in stock or () if isinstance(x, BadRow)),
    )


def _row(kept: _Kept) -> ListRow | BadRow:
    if not kept.ref:
        return kept.bad[0]
    return ListRow(
        ref=kept.ref,
        digest=kept.digest,
        cost_digest=kept.cost_digest,
        minimum_quantity=kept.minimum_quantity,
        stock=None if kept.stock is None else (*kept.stock, *kept.bad),
    )
