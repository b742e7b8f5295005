"""CJ product list: read the list slice by slice, cache it for the other jobs of the hour.

10,000 products take over a hundred calls of 50 points each. One job reads the list. A job that may
use a cached list waits for that job and reads its file. CJ never reports more than 6,000 products,
so a longer list is read category by category. A category that is too long is halved by listing
time. Products that were listed at the same time are halved by price.
"""

from __future__ import annotations

import fcntl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from math import isqrt
from pathlib import Path
from typing import Any

import msgspec

from catalog.records import BadRow
from storefront.lib.http.errors import PermanentError
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj import stock
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.parsing import decoded
from suppliers.connectors.cj.schemas import FirstLevel, ListedProduct, ListPage
from suppliers.connectors.records import ListRow, StockRecord

FILE, LOCK = "cj-list.ndjson", "cj-list.lock"
PATIENCE_S = 240.0
NAP_S = 0.1
PARTS_LAST_S = 24 * 3600


class _Head(msgspec.Struct):
    """The supplier address of a cached list, and when it was fetched."""

    address: str
    at: datetime


class _Kept(msgspec.Struct, array_like=True):
    """A row of the list, or a bad row."""

    ref: str
    digest: str = ""
    cost_digest: str = ""
    minimum_quantity: int | None = None
    stock: tuple[StockRecord, ...] | None = None
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptList:
    """The list of one connection, cached on this machine's disk.

    Shape:  ``address`` is the supplier's: the list of another address is not used
    """

    folder: Path
    address: str

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other worker here reads the list; after ``PATIENCE_S`` go on without it."""
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
        """Return when the cached list was fetched; None if there is none."""
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
                yield _cached_row(decode(line))

    def keep(self, walk: Iterator[ListRow | BadRow]) -> Iterator[ListRow | BadRow]:
        """Yield these rows, and cache them if the last is reached."""
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
        """Remove the partial files of killed workers."""
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


def _cached_row(kept: _Kept) -> ListRow | BadRow:
    if not kept.ref:
        return kept.bad[0]
    return ListRow(
        ref=kept.ref,
        digest=kept.digest,
        cost_digest=kept.cost_digest,
        minimum_quantity=kept.minimum_quantity,
        stock=None if kept.stock is None else (*kept.stock, *kept.bad),
    )


# Slices of the list

PAGE_SIZE = 100
MOST_LISTED = 6_000
MOST_CENTS = 10_000_000
FIRST_LISTED_MS = 1_262_304_000_000  # 2010: no product was listed before
SHORTEST_MS = 60_000
MOST_SLICES = 400
LONGEST_ID = 60
ON_SALE = "3"
PRICES = frozenset({"sellPrice", "nowPrice", "discountPrice", "discountPriceRate"})
# Fields that change without a change of the product.
PASSING = PRICES | {
    "listedNum", "isCollect", "isAd", "isList", "myProduct", "setRecommendedTime",
    "warehouseInventoryNum", "totalVerifiedInventory", "totalUnVerifiedInventory",
    "verifiedWarehouse", "inventoryInfo", "variantInventories", "zoneRecommendJson",
    "activityId", "suggestSellPrice", "variantSellPrice", "variantSugSellPrice", "inventories",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of the list, by category, listing time and price.

    Units:  milliseconds since 1970; cents; both ends inclusive
    """

    category: str = ""
    listed_ms: tuple[int, int] | None = None
    cents: tuple[int, int] | None = None

    def query(self) -> dict[str, str]:
        query = {"categoryId": self.category} if self.category else {}
        if self.cents:
            low, high = (Decimal(cents).scaleb(-2) for cents in self.cents)
            query["startSellPrice"] = f"{low:.2f}"
            if self.cents[1] < MOST_CENTS:
                query["endSellPrice"] = f"{high:.2f}"
        if self.listed_ms:
            query |= dict(zip(("timeStart", "timeEnd"), map(str, self.listed_ms), strict=True))
        return query

    def halves(self, *, until_ms: int) -> tuple[Slice, ...]:
        """Split the slice in two; return none if it cannot be split further.

        Time first: a product is listed once, but may have several prices. The halves overlap by
        2 ms, since CJ does not document which ends are inclusive. Prices are split at the
        geometric mean, since most products are cheap.
        """
        start, end = self.listed_ms or (FIRST_LISTED_MS, until_ms)
        if end - start > SHORTEST_MS:
            noon = (start + end) // 2
            early, late = (start, noon + 1), (noon - 1, end)
            return replace(self, listed_ms=early), replace(self, listed_ms=late)
        low, high = self.cents or (0, MOST_CENTS)
        if low == high:
            return ()
        middle = min(max(low, isqrt(max(low, 1) * high)), high - 1)
        return replace(self, cents=(low, middle)), replace(self, cents=(middle + 1, high))


def product_rows(wire: Wire) -> Iterator[ListRow | BadRow]:
    """Yield the list, each product once.

    Raises: PermanentError  a page is garbage, or the list ends early
    """
    whole = Slice()
    first = _page(wire, 1, whole)
    if first.total_records < MOST_LISTED:
        yield from _rows(wire, first, whole)
        return
    seen: set[str] = set()
    for category in _categories(wire):
        for row in _of_category(wire, Slice(category=category)):
            # A product with several prices is in several slices.
            name = row.row if isinstance(row, BadRow) else row.ref
            if name not in seen:
                seen.add(name)
                yield row


class TooManySlicesError(Exception):
    """The slices do not become shorter: perhaps CJ ignores the filters."""


def _of_category(wire: Wire, category: Slice) -> Iterator[ListRow | BadRow]:
    first = _page(wire, 1, category)
    if first.total_records < MOST_LISTED:
        yield from _rows(wire, first, category)
        return
    cut = _Cut(wire)
    try:
        yield from cut.rows(category)
    except TooManySlicesError:
        yield BadRow(
            row=f"category {category.category}",
            code="list-too-long",
            message=f"More than {MOST_LISTED} products share all filters; only these are read.",
            is_fatal=False,
        )
        yield from _rows(wire, first, category)


class _Cut:
    """Splits one category until each slice can be read whole."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._until_ms = int(time.time() * 1000) + SHORTEST_MS
        self._asked = 0

    def rows(self, part: Slice) -> Iterator[ListRow | BadRow]:
        """Yield the rows of the halves of a slice that is too long.

        Raises: TooManySlicesError
        """
        halves = part.halves(until_ms=self._until_ms)
        if not halves:
            raise TooManySlicesError
        for half in halves:
            self._asked += 1
            if self._asked > MOST_SLICES:
                raise TooManySlicesError
            first = _page(self._wire, 1, half)
            if first.total_records < MOST_LISTED:
                yield from _rows(self._wire, first, half)
            else:
                yield from self.rows(half)


def _categories(wire: Wire) -> list[str]:
    return [
        connector_parsing.text(third.category_id)
        for top in wire.patiently("product/getCategory", list[FirstLevel])
        for second in top.category_first_list or ()
        for third in second.category_second_list or ()
        if third.category_id
    ]


def _page(wire: Wire, number: int, part: Slice) -> ListPage:
    return wire.patiently("product/listV2", ListPage, page=number, size=PAGE_SIZE, **part.query())


def _rows(wire: Wire, first: ListPage, part: Slice) -> Iterator[ListRow | BadRow]:
    last = -(-first.total_records // PAGE_SIZE)
    page = first
    where = f"slice {connector_parsing.digest(part.query())[:8]}, " if part.category else ""
    for number in range(1, last + 1):
        if number > 1:
            page = _page(wire, number, part)
        raws = [raw for group in page.content or () for raw in group.product_list or ()]
        if not raws:
            raise PermanentError(f"product/listV2: page {number} of {last} is empty")
        for place, raw in enumerate(raws, start=1):
            yield _row(bytes(raw), place=f"{where}page {number}, row {place}")


def _row(raw: bytes, *, place: str) -> ListRow | BadRow:
    try:
        words: dict[str, Any] = decoded(raw, dict[str, Any], what="product/listV2")
        listed = msgspec.convert(words, ListedProduct)
    except (PermanentError, msgspec.ValidationError) as error:
        return BadRow(row=place, code="list-unreadable", message=str(error)[:500])
    ref = connector_parsing.text(listed.id)
    if not ref or len(ref) > LONGEST_ID:
        return BadRow(row=place, code="list-no-id", message="The row has no valid ID.", raw=words)
    if listed.sale_status is not None and connector_parsing.text(listed.sale_status) != ON_SALE:
        return BadRow(
            row=ref,
            code="list-not-on-sale",
            message="Listed, but not approved for sale.",
            raw=words,
        )
    return ListRow(
        ref=ref,
        digest=connector_parsing.digest({key: words[key] for key in words if key not in PASSING}),
        cost_digest=connector_parsing.digest({key: words[key] for key in words if key in PRICES}),
        minimum_quantity=cj_parsing.units(listed.direct_min_order_num),
        stock=stock.inline(listed.variant_inventories),
    )
