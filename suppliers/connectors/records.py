"""Connector records: define what connectors receive and return, and the errors they raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from catalog.records import BadRow, ProductRecord, SupplierRecord
from storefront.lib.address import Address
from storefront.lib.http.errors import NotNowError, PermanentError
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(SupplierRecord):
    """A charge of the supplier for one order, with our ``number`` and its reference.

    ``freight`` and ``at`` are None where the supplier does not report them.
    """

    number: str
    supplier_reference: str
    goods: Money
    freight: Money | None = None
    at: datetime | None = None


class Remedy(StrEnum):
    """What a claim demands."""

    REFUND = "refund"
    RESEND = "resend"


class Trouble(StrEnum):
    """The reason of a claim."""

    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_ITEM = "missing_item"
    NOT_AS_DESCRIBED = "not_as_described"
    OTHER = "other"


class ClaimAnswer(StrEnum):
    """The status of a claim."""

    OPEN = "open"
    REFUNDED = "refunded"
    RESENT = "resent"
    REFUSED = "refused"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimState(SupplierRecord):
    """A claim at the supplier, with its status."""

    number: str
    supplier_claim: str
    answer: ClaimAnswer
    amount: Money | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class Wanted(StrEnum):
    """The kind of a manual request."""

    STOP = "stop_wished"
    READDRESS = "address_wished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plea:
    """One manual request about one order, answered on our page of the order.

    Shape:  ``key`` is its idempotency key: it is sent once. ``ship_to`` is the new address
    """

    wanted: Wanted
    key: str
    number: str
    page_url: str = field(repr=False)
    ship_to: Address | None = None


# The code of a stock row without a readable SKU: it may be any SKU missing from the answer.
NAMELESS = "stock-of-nothing"


class DuplicateReferenceError(PermanentError):
    """The supplier already has an order with our reference: look it up and adopt it."""


class WantingError(PermanentError):
    """The supplier rejects items as unavailable; ``skus`` are those it names, as it writes them."""

    skus: tuple[str, ...] = ()


class OutOfStockError(WantingError):
    """The supplier has too few units."""


class GoneError(WantingError):
    """The supplier no longer sells the item."""


class NoWayError(PermanentError):
    """No shipping service of the supplier, or not the one named, delivers the parcel there."""


class MissingAbilityError(PermanentError):
    """The supplier's API has no such operation."""


class BudgetSpentError(NotNowError):
    """A quota is used up until ``until``: nothing was sent."""

    until: datetime

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, code="budget_spent", until=until)


class NotStoppableError(PermanentError):
    """The order cannot be canceled any more, or not through the API."""


class AskInPersonError(NotStoppableError):
    """The order may still be canceled by a person at the supplier, not by a call."""


class LeftUnpaidError(NotStoppableError):
    """The order remains at the supplier unpaid: it ships only after a payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecord(SupplierRecord):
    """The current cost of one SKU."""

    sku: str
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRecord(SupplierRecord):
    """The current quantity of one SKU at one location."""

    sku: str
    location: str
    country: str
    quantity: int


def is_nameless(row: StockRecord | BadRow) -> bool:
    return isinstance(row, BadRow) and row.code == NAMELESS


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow(SupplierRecord):
    """One product in the supplier's list: enough to detect changes.

    ``digest`` covers its text, ``cost_digest`` its prices in the list. ``stock`` is None where
    the list lacks the stock of some SKU. ``minimum_quantity`` is for a connector whose product
    pages lack it.
    """

    ref: str
    digest: str
    cost_digest: str
    minimum_quantity: int | None = None
    stock: tuple[StockRecord | BadRow, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage(SupplierRecord):
    """One product's page, with all data that can be imported from it.

    ``record`` is None when it cannot be imported: a fatal BadRow in ``problems`` says why.
    ``digest`` covers its text, without prices and stock, ``cost_digest`` its prices if it comes
    from a bulk list. ``stock`` is None where the page has none. ``is_gone``: a delta list says
    that the product is no longer sold.
    """

    ref: str
    digest: str
    record: ProductRecord | None
    cost_digest: str = ""
    problems: tuple[BadRow, ...] = ()
    stock: tuple[StockRecord | BadRow, ...] | None = None
    is_gone: bool = False


class Omitted(StrEnum):
    """What it means that a known row is missing from the supplier's list."""

    GONE = "gone"  # no longer sold
    EMPTY = "empty"  # out of stock
    UNCHANGED = "unchanged"  # the list is a delta


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightOption(SupplierRecord):
    """A shipping service that the supplier quotes for a parcel."""

    name: str  # exactly as an order must name it
    price: Money
    min_days: int
    max_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine(SupplierRecord):
    """A quantity of one supplier SKU; ``reference`` is our line id, echoed back.

    ``title`` is for the people who pack it.
    """

    sku: str
    quantity: int
    reference: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderName:
    """Our number and the supplier's reference of one order."""

    number: str
    supplier_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRequest:
    """What the supplier needs to ship an order, and no more.

    ``page_url`` is our page for suppliers without an API: anyone with the URL may answer.
    ``ioss_number`` is ours for imports into the EU, if the parcel travels under it.
    """

    number: str
    ship_to: Address
    location: str
    country_from: str
    carrier_service: str
    lines: tuple[RequestLine, ...]
    declared_value: Money
    ioss_number: str = ""
    page_url: str = field(default="", repr=False)


class Refusal(StrEnum):
    """Why a supplier does not ship a line, in the terms of EDI 855."""

    OUT_OF_STOCK = "out_of_stock"
    DISCONTINUED = "discontinued"
    INVALID_ITEM = "invalid_item"
    UNDELIVERABLE = "undeliverable"
    REJECTED_OTHER = "rejected_other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine(SupplierRecord):
    """One line that the supplier does not ship in full; ``reference`` is our line id.

    ``ships`` is the quantity that it still ships: a total, so that a repeat changes nothing.
    """

    reference: str
    code: Refusal
    ships: int = 0


class Answer(StrEnum):
    """The supplier's acknowledgement of our order."""

    RECEIVED = "received"  # not decided
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELED = "canceled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"  # all of it, in whatever parcels
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelNews(SupplierRecord):
    """One parcel as the supplier reports it. ``lines`` is empty if the content is unknown."""

    carrier: str
    number: str
    url: str = ""
    lines: tuple[RequestLine, ...] = ()
    carrier_text: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseState(SupplierRecord):
    """The status of one of our purchase orders at the supplier.

    ``cost`` is the charge for the items, ``freight`` for shipping, where reported. ``refused``
    are the lines that an accepted order will not get; the rest ships by ``ships_by`` if that is
    later than reported before. ``unit_costs`` are changed unit costs, by our line id.
    """

    number: str
    supplier_reference: str
    answer: Answer
    reason: str = ""
    cost: Money | None = None
    freight: Money | None = None
    parcels: tuple[ParcelNews, ...] = ()
    refused: tuple[RefusedLine, ...] = ()
    ships_by: date | None = None
    unit_costs: Mapping[str, Money] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


class NewsKind(StrEnum):
    """What a webhook event is about."""

    ORDER = "order"
    PARCEL = "parcel"
    STOCK = "stock"
    PRODUCT = "product"
    CHARGE = "charge"  # an additional charge for an order: ``reason`` has amount and cause


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierNews(SupplierRecord):
    """A webhook event of a supplier, in our terms.

    ``external_id`` identifies the event: it may be delivered again. An order has our ``number``
    or the ``supplier_reference``, whichever is given. ``split_into`` are references of the orders
    that ours was split into: look up each with ``find``. For stock and products it only has the
    ``skus`` and ``product_refs`` to fetch again: events come in any order, so a quantity in one
    may be older than ours.
    """

    kind: NewsKind
    external_id: str
    number: str = ""
    supplier_reference: str = ""
    answer: Answer | None = None
    reason: str = ""
    parcels: tuple[ParcelNews, ...] = ()
    split_into: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    product_refs: tuple[str, ...] = ()
    happened_at: datetime | None = None
    charge: Money | None = None  # the additional amount, if named

    def state(self, *, number: str) -> PurchaseState | None:
        """Return the event as the state of our order ``number``; None if it has no such data."""
        if self.answer is None and not self.parcels:
            return None
        return PurchaseState(
            number=number,
            supplier_reference=self.supplier_reference,
            answer=self.answer or Answer.SHIPPED,
            reason=self.reason,
            parcels=self.parcels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A claim about items that the supplier shipped. ``number`` is ours, and unique."""

    number: str
    supplier_reference: str
    remedy: Remedy
    trouble: Trouble
    message: str
    lines: tuple[RequestLine, ...]
    picture_urls: tuple[str, ...] = ()
