"""Bulk reading: define file profiles, COPY lines and the protocols of connectors for files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from catalog.records import NO_TERMS, BadRow, SupplierRecord, Terms
from storefront.lib.money import Money
from suppliers.connectors.records import StockRecord

EMPTY_KIND = "empty"
MIXED_KIND = "mixed"
# No zone is farther ahead of UTC: what is dated later than that has a wrong date.
FARTHEST_AHEAD = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(SupplierRecord):
    """How a file looks: its columns, and which kind of values stands in those that are read.

    Shape:  ``kinds`` is keyed by a field of ours such as ``sku``; a kind is ``number``,
            ``decimal``, ``gtin``, ``text``, ``code``, ``address``, ``empty`` or ``mixed``.
            ``newest`` is when its newest row was changed, where rows tell that, ``newest_rows``
            are a few of the newest by SKU; ``said_at`` is what others say of its age, and
            ``made_at`` when it was made as far as that can be known: never later than it was;
            ``read_by`` names how it is read: who changed that has seen another file
    """

    columns: tuple[str, ...]
    kinds: Mapping[str, str]
    newest: datetime | None = None
    newest_rows: Mapping[str, datetime] = field(default_factory=dict)
    said_at: datetime | None = None
    made_at: datetime | None = None
    read_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow(SupplierRecord):
    """What a list of prices says of one SKU: enough to make an offer of it.

    ``cost`` is None where the row does not say, and a BadRow where it cannot be believed.
    """

    ref: str
    sku: str
    cost: Money | BadRow | None = None
    title: str = ""
    gtin: str = ""
    brand: str = ""
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True)
class Lines:
    """Many plain rows at once, written as PostgreSQL's COPY reads them.

    Shape:  a price line has the cells of ``OFFER_CELLS``, a stock line those of ``STOCK_CELLS``;
            prices are in the supplier's currency, have at most two decimals, and are above zero
    """

    text: str
    count: int


OFFER_CELLS = (
    "ref", "sku", "amount", "title", "gtin", "brand", "minimum", "pack", "lead_days", "map", "msrp",
)  # fmt: skip
STOCK_CELLS = ("ref", "sku", "location", "country", "quantity")


@runtime_checkable
class Shaped(Protocol):
    """Reads files, and can say how they look. No ability of the API."""

    def shape(self, job: str) -> Shape:
        """Say how the file looks that a job was read from, after all of it was walked.

        Shape:  ``job`` is ``products``, ``prices`` or ``stock``
        """
        ...

    def listed(self, job: str, skus: AbstractSet[str]) -> frozenset[str]:
        """Walk the file once more; return those of these SKUs that are in it."""
        ...


@runtime_checkable
class BulkOffers(Protocol):
    """Tells all figures at once, and enough of each SKU to make an offer of it.

    No ability of its own, but how ``BulkStockAndPrice`` is told fast: plain rows come as lines,
    in pieces; what needs care comes alone. While pieces are taken, the database session is busy.
    """

    def offer_lines(self) -> Iterator[Lines | OfferRow | BadRow]: ...

    def stock_lines(self) -> Iterator[Lines | tuple[str, tuple[StockRecord | BadRow, ...]]]: ...


@runtime_checkable
class ListCounting(Protocol):
    """Joins several lists. No ability of the API."""

    @property
    def list_counts(self) -> Mapping[str, int]:
        """How many rows each list has that was fetched for this job, or kept of earlier ones."""
        ...

    def forget_list(self, name: str) -> None:
        """Have a list fetched again by the next job: this one does not believe it."""
        ...
