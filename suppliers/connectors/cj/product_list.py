"""CJ product list: read the list slice by slice, cache it for the other jobs of the hour.

10,000 products take over a hundred calls of 50 points each. One job reads the list. A job that may
use a cached list waits for that job and reads its file. CJ never reports more than 6,000 products,
so a longer list is read category by category. A category that is too long is halved by listing
time. Products that were listed at the same time are halved by price.
"""

import fcntl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from math import isqrt
from pathlib import Path
from typing import Any, Self

import msgspec

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj import stock
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.parsing import decode
from suppliers.connectors.cj.schemas import FirstLevel, ListedProduct, ListPage
from suppliers.connectors.records import ProductSummary, StockReport

FILE_NAME, LOCK_NAME = "cj-list.ndjson", "cj-list.lock"
MAX_LOCK_WAIT_S = 240.0
POLL_INTERVAL_S = 0.1
PARTIAL_FILE_MAX_AGE_S = 24 * 3600


class _CacheHeader(msgspec.Struct):
    address: str
    at: datetime


class _CachedRow(msgspec.Struct, array_like=True):
    external_id: str
    digest: str = ""
    cost_digest: str = ""
    min_order_units: int | None = None
    stock: tuple[StockReport, ...] | None = None
    bad: tuple[ImportIssue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedList:
    """The list of one connection, cached on this machine's disk.

    Shape:  ``address`` is the supplier's: the list of another address is not used
    """

    folder: Path
    address: str

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock out other workers of this machine; without the lock after ``MAX_LOCK_WAIT_S``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + MAX_LOCK_WAIT_S
        with (self.folder / LOCK_NAME).open("ab") as lock:
            while time.monotonic() < deadline:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(POLL_INTERVAL_S)
                else:
                    break
            yield

    def fetched_at(self) -> datetime | None:
        try:
            with (self.folder / FILE_NAME).open("rb") as file:
                head = msgspec.json.decode(file.readline(), type=_CacheHeader)
        except (OSError, msgspec.DecodeError):
            return None
        return head.at if head.address == self.address else None

    def rows(self) -> Iterator[ProductSummary | ImportIssue]:
        decode = msgspec.json.Decoder(_CachedRow).decode
        with (self.folder / FILE_NAME).open("rb") as file:
            file.readline()
            for line in file:
                yield _from_cached(decode(line))

    def cache(
        self, rows: Iterator[ProductSummary | ImportIssue]
    ) -> Iterator[ProductSummary | ImportIssue]:
        """Yield these rows; cache them once the last one was yielded."""
        at = datetime.fromtimestamp(time.time(), UTC)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        encode = msgspec.json.Encoder(decimal_format="number").encode
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
            path = Path(file.name)
            try:
                file.write(encode(_CacheHeader(address=self.address, at=at)) + b"\n")
                for row in rows:
                    file.write(encode(_to_cached(row)) + b"\n")
                    yield row
                file.close()
                if (newest := self.fetched_at()) is None or newest < at:
                    path.replace(self.folder / FILE_NAME)
            finally:
                path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        for part in self.folder.glob("*.part"):
            with suppress(FileNotFoundError):
                if time.time() - part.stat().st_mtime > PARTIAL_FILE_MAX_AGE_S:
                    part.unlink()


def _to_cached(row: ProductSummary | ImportIssue) -> _CachedRow:
    if isinstance(row, ImportIssue):
        return _CachedRow(external_id="", bad=(row,))
    stock = row.stock
    return _CachedRow(
        external_id=row.external_id,
        digest=row.digest,
        cost_digest=row.cost_digest,
        min_order_units=row.min_order_units,
        stock=None if stock is None else tuple(x for x in stock if isinstance(x, StockReport)),
        bad=tuple(x for x in stock or () if isinstance(x, ImportIssue)),
    )


def _from_cached(cached: _CachedRow) -> ProductSummary | ImportIssue:
    if not cached.external_id:
        return cached.bad[0]
    return ProductSummary(
        external_id=cached.external_id,
        digest=cached.digest,
        cost_digest=cached.cost_digest,
        min_order_units=cached.min_order_units,
        stock=None if cached.stock is None else (*cached.stock, *cached.bad),
    )


# Slices of the list

PAGE_SIZE = 100
MAX_LISTED = 6_000
MAX_CENTS = 10_000_000
FIRST_LISTED_MS = 1_262_304_000_000  # 2010: no product was listed before
MIN_SLICE_MS = 60_000
MAX_SLICES = 400
MAX_ID_LENGTH = 60
ON_SALE = "3"
PRICES = frozenset({"sellPrice", "nowPrice", "discountPrice", "discountPriceRate"})
# Fields that change without a change of the product.
VOLATILE_FIELDS = PRICES | {
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
            if self.cents[1] < MAX_CENTS:
                query["endSellPrice"] = f"{high:.2f}"
        if self.listed_ms:
            query |= dict(zip(("timeStart", "timeEnd"), map(str, self.listed_ms), strict=True))
        return query

    def halves(self, *, until_ms: int) -> tuple[Self, ...]:
        """Split the slice in two; return none if it cannot be split further.

        Time first: a product is listed once, but may have several prices. The halves overlap by
        2 ms, since CJ does not document which ends are inclusive. Prices are split at the
        geometric mean, since most products are cheap.
        """
        start, end = self.listed_ms or (FIRST_LISTED_MS, until_ms)
        if end - start > MIN_SLICE_MS:
            middle_ms = (start + end) // 2
            early, late = (start, middle_ms + 1), (middle_ms - 1, end)
            return replace(self, listed_ms=early), replace(self, listed_ms=late)
        low, high = self.cents or (0, MAX_CENTS)
        if low == high:
            return ()
        middle = min(max(low, isqrt(max(low, 1) * high)), high - 1)
        return replace(self, cents=(low, middle)), replace(self, cents=(middle + 1, high))


def product_rows(api: ApiClient) -> Iterator[ProductSummary | ImportIssue]:
    """Yield the list, each product once.

    Raises: PermanentError  a page is garbage, or the list ends early
    """
    full_list = Slice()
    first = _page(api, 1, full_list)
    if first.total_records < MAX_LISTED:
        yield from _rows(api, first, full_list)
        return
    known_names: set[str] = set()
    for category in _categories(api):
        for row in _of_category(api, Slice(category=category)):
            # A product with several prices is in several slices.
            name = row.row if isinstance(row, ImportIssue) else row.external_id
            if name not in known_names:
                known_names.add(name)
                yield row


class TooManySlicesError(Exception):
    """The slices do not become shorter: perhaps CJ ignores the filters."""


def _of_category(api: ApiClient, category: Slice) -> Iterator[ProductSummary | ImportIssue]:
    first = _page(api, 1, category)
    if first.total_records < MAX_LISTED:
        yield from _rows(api, first, category)
        return
    until_ms = int(time.time() * 1000) + MIN_SLICE_MS
    try:
        yield from _halves(api, category, until_ms=until_ms, slice_numbers=count(1))
    except TooManySlicesError:
        yield ImportIssue(
            row=f"category {category.category}",
            code="list-too-long",
            message=f"More than {MAX_LISTED} products share all filters; the others are not read.",
            is_fatal=False,
        )
        yield from _rows(api, first, category)


def _halves(
    api: ApiClient, part: Slice, *, until_ms: int, slice_numbers: Iterator[int]
) -> Iterator[ProductSummary | ImportIssue]:
    """Yield the rows of a slice that is too long, split until each part can be read whole.

    Raises: TooManySlicesError
    """
    halves = part.halves(until_ms=until_ms)
    if not halves:
        raise TooManySlicesError
    for half in halves:
        if next(slice_numbers) > MAX_SLICES:
            raise TooManySlicesError
        first = _page(api, 1, half)
        if first.total_records < MAX_LISTED:
            yield from _rows(api, first, half)
        else:
            yield from _halves(api, half, until_ms=until_ms, slice_numbers=slice_numbers)


def _categories(api: ApiClient) -> list[str]:
    return [
        connector_parsing.text(third.category_id)
        for top in api.get_with_retries("product/getCategory", list[FirstLevel])
        for second in top.category_first_list or ()
        for third in second.category_second_list or ()
        if third.category_id
    ]


def _page(api: ApiClient, number: int, part: Slice) -> ListPage:
    return api.get_with_retries(
        "product/listV2", ListPage, page=number, size=PAGE_SIZE, **part.query()
    )


def _rows(api: ApiClient, first: ListPage, part: Slice) -> Iterator[ProductSummary | ImportIssue]:
    last = -(-first.total_records // PAGE_SIZE)
    page = first
    prefix = f"slice {connector_parsing.digest(part.query())[:8]}, " if part.category else ""
    for number in range(1, last + 1):
        if number > 1:
            page = _page(api, number, part)
        raws = [raw for group in page.content or () for raw in group.product_list or ()]
        if not raws:
            raise PermanentError(f"product/listV2: page {number} of {last} is empty")
        for position, raw in enumerate(raws, start=1):
            yield _row(bytes(raw), row_name=f"{prefix}page {number}, row {position}")


def _row(raw: bytes, *, row_name: str) -> ProductSummary | ImportIssue:
    try:
        content: dict[str, Any] = decode(raw, dict[str, Any], what="product/listV2")
        listed = msgspec.convert(content, ListedProduct)
    except (PermanentError, msgspec.ValidationError) as error:
        return ImportIssue(row=row_name, code="list-unreadable", message=str(error)[:500])
    external_id = connector_parsing.text(listed.id)
    if not external_id or len(external_id) > MAX_ID_LENGTH:
        return ImportIssue(
            row=row_name, code="list-no-id", message="The row has no valid ID.", raw=content
        )
    if listed.sale_status is not None and connector_parsing.text(listed.sale_status) != ON_SALE:
        return ImportIssue(
            row=external_id,
            code="list-not-on-sale",
            message="Listed, but not approved for sale.",
            raw=content,
        )
    return ProductSummary(
        external_id=external_id,
        digest=connector_parsing.digest(
            {key: content[key] for key in content if key not in VOLATILE_FIELDS}
        ),
        cost_digest=connector_parsing.digest(
            {key: content[key] for key in content if key in PRICES}
        ),
        min_order_units=cj_parsing.units(listed.direct_min_order_num),
        stock=stock.parse_inline(listed.variant_inventories),
    )
