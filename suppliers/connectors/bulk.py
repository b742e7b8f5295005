"""Bulk reading: define file profiles, COPY lines and the protocols of connectors for files."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from catalog.records import NO_SUPPLIER_TERMS, ImportIssue, SupplierRecord, SupplierTerms
from storefront.lib.money import Money
from suppliers.connectors.records import StockReport

EMPTY_KIND = "empty"
MIXED_KIND = "mixed"
# No zone is farther ahead of UTC, so a later timestamp is wrong.
MAX_UTC_OFFSET = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProfile(SupplierRecord):
    """Profile of a file: its columns and the kind of values in those that are read.

    Shape:  ``kinds`` is keyed by our field name such as ``sku``; a kind is ``number``,
            ``decimal``, ``gtin``, ``text``, ``code``, ``address``, ``empty`` or ``mixed``.
            ``newest`` is the latest date in the rows, if they have dates; ``latest_rows`` has some
            of the newest dates, by SKU. ``stated_at`` is when the server wrote the file, or when
            it was uploaded. ``made_at`` is a lower bound of when the file was made.
            ``mapping_hash`` identifies the mapping: profiles of different mappings are not compared
    """

    columns: tuple[str, ...]
    kinds: Mapping[str, str]
    newest: datetime | None = None
    latest_rows: Mapping[str, datetime] = field(default_factory=dict)
    stated_at: datetime | None = None
    made_at: datetime | None = None
    mapping_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow(SupplierRecord):
    """One SKU of a price list: the data needed to create an offer.

    ``cost`` is None where the row has none, and an ImportIssue where it is invalid.
    """

    external_id: str
    sku: str
    cost: Money | ImportIssue | None = None
    title: str = ""
    gtin: str = ""
    brand: str = ""
    terms: SupplierTerms = NO_SUPPLIER_TERMS


@dataclass(frozen=True, slots=True)
class CopyLines:
    """A batch of plain rows in the text format of PostgreSQL's COPY.

    Shape:  a price line has the cells ``OFFER_CELLS``, a stock line external id, SKU, location,
            country and quantity; prices are in the supplier's currency, have at most two decimals,
            and are above zero
    """

    text: str
    count: int


OFFER_CELLS = (
    "external_id", "sku", "amount", "title", "gtin", "brand", "minimum", "pack", "lead_days", "map", "msrp",
)  # fmt: skip


@runtime_checkable
class FileProfiling(Protocol):
    """Reads files and describes them. Not a capability of an API."""

    def profile(self, job: str) -> FileProfile:
        """Return the profile of a job's file. Call it after the whole file was read.

        Shape:  ``job`` is ``products``, ``prices`` or ``stock``
        """
        ...

    def contained_skus(self, job: str, skus: AbstractSet[str]) -> frozenset[str]:
        """Read the file again; return which of the SKUs it contains."""
        ...


@runtime_checkable
class BulkOffers(Protocol):
    """Returns all prices or stock at once, with enough data of each SKU to create an offer.

    The fast path of ``BulkStockAndPrice``, not a capability. Plain rows come as batches of COPY
    text, rows that need checks come singly. The database session is busy while batches are read.
    """

    def offer_lines(self) -> Iterator[CopyLines | OfferRow | ImportIssue]: ...

    def stock_lines(
        self,
    ) -> Iterator[CopyLines | tuple[str, tuple[StockReport | ImportIssue, ...]]]: ...


@runtime_checkable
class ListCounting(Protocol):
    """Joins several lists. Not a capability of an API."""

    @property
    def list_counts(self) -> Mapping[str, int]:
        """Return the row count of each list, fetched by this job or kept from an earlier one."""
        ...

    def invalidate_list(self, name: str) -> None:
        """Make the next job fetch a list again, since this job rejected it."""
        ...
