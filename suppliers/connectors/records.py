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
    """What he charged us for one order, by our ``number`` and by his own.

    ``freight`` is None where he does not say, and ``at`` where he does not say when.
    """

    number: str
    supplier_reference: str
    goods: Money
    freight: Money | None = None
    at: datetime | None = None


class Remedy(StrEnum):
    """What we ask for with a claim."""

    REFUND = "refund"
    RESEND = "resend"


class Trouble(StrEnum):
    """What is wrong with goods that we complain of."""

    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_ITEM = "missing_item"
    NOT_AS_DESCRIBED = "not_as_described"
    OTHER = "other"


class ClaimAnswer(StrEnum):
    """How a claim stands."""

    OPEN = "open"
    REFUNDED = "refunded"
    RESENT = "resent"
    REFUSED = "refused"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimState(SupplierRecord):
    """How one claim stands at the supplier."""

    number: str
    supplier_claim: str
    answer: ClaimAnswer
    amount: Money | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class Wanted(StrEnum):
    """What is asked of him."""

    STOP = "stop_wished"
    READDRESS = "address_wished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plea:
    """One question about one order; he answers it on our page of the order.

    Shape:  ``key`` names it for ever: it is told once. ``ship_to`` is where it is to go instead
    """

    wanted: Wanted
    key: str
    number: str
    page_url: str = field(repr=False)
    ship_to: Address | None = None


# The code of a stock row whose SKU nobody can tell: it may be any that its answer leaves out.
NAMELESS = "stock-of-nothing"


class DuplicateReferenceError(PermanentError):
    """The supplier already has an order under our reference: look it up and adopt it."""


class WantingError(PermanentError):
    """The supplier refuses for want of goods; ``skus`` are those that he names, in his words."""

    skus: tuple[str, ...] = ()


class OutOfStockError(WantingError):
    """The supplier refuses because he has not enough of it."""


class GoneError(WantingError):
    """The supplier does not sell it any more."""


class NoWayError(PermanentError):
    """The supplier says that no way of his, or not the one named, takes the parcel there."""


class MissingAbilityError(PermanentError):
    """The supplier's API has no such call."""


class BudgetSpentError(NotNowError):
    """The supplier lets us ask no more until ``until``: nothing was sent."""

    until: datetime

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, code="budget_spent", until=until)


class NotStoppableError(PermanentError):
    """The supplier cannot cancel this order any more, or has no way to be asked."""


class AskInPersonError(NotStoppableError):
    """He may still stop it, and no call asks him to."""


class LeftUnpaidError(NotStoppableError):
    """He keeps it, and nothing is paid for it: as long as nobody pays, he ships nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecord(SupplierRecord):
    """What one SKU costs now."""

    sku: str
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRecord(SupplierRecord):
    """How many of one SKU lie at one location now."""

    sku: str
    location: str
    country: str
    quantity: int


def is_nameless(row: StockRecord | BadRow) -> bool:
    return isinstance(row, BadRow) and row.code == NAMELESS


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow(SupplierRecord):
    """One product in the supplier's list: just enough to see what changed.

    ``digest`` is of its words, ``cost_digest`` of what the list says about its prices.
    ``stock`` is None where the list does not tell the stock of every SKU. ``minimum_quantity``
    is for a connector whose pages do not tell it.
    """

    ref: str
    digest: str
    cost_digest: str
    minimum_quantity: int | None = None
    stock: tuple[StockRecord | BadRow, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage(SupplierRecord):
    """One product's page, and all that can be taken from it.

    ``record`` is None when it cannot be taken at all: a fatal BadRow in ``problems`` says why.
    ``digest`` is of its words, without prices and stock, ``cost_digest`` of its prices where it
    comes from a bulk list. ``stock`` is None where the page does not tell it. With ``is_gone`` a
    list that names only what changed says that he sells it no more.
    """

    ref: str
    digest: str
    record: ProductRecord | None
    cost_digest: str = ""
    problems: tuple[BadRow, ...] = ()
    stock: tuple[StockRecord | BadRow, ...] | None = None
    is_gone: bool = False


class Omitted(StrEnum):
    """What it means that a known row is missing from a supplier's whole list."""

    GONE = "gone"  # he sells it no more
    EMPTY = "empty"  # he has none of it
    UNCHANGED = "unchanged"  # the list names only what changed


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightOption(SupplierRecord):
    """One route the supplier offers for a parcel."""

    name: str  # exactly what an order must name
    price: Money
    min_days: int
    max_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine(SupplierRecord):
    """So many of one supplier SKU; ``reference`` is our line id, echoed back.

    ``title`` is for people who pack it.
    """

    sku: str
    quantity: int
    reference: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderName:
    """One of our orders, by our number and by his."""

    number: str
    supplier_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRequest:
    """What the supplier needs to ship for us, and no more.

    ``page_url`` is our page where a person answers who has no API; whoever has it may answer.
    ``ioss_number`` is ours for imports into the EU, where the parcel travels under it.
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
    """Why a supplier will not ship a line, in the words of order acknowledgments."""

    OUT_OF_STOCK = "out_of_stock"
    DISCONTINUED = "discontinued"
    INVALID_ITEM = "invalid_item"
    UNDELIVERABLE = "undeliverable"
    REJECTED_OTHER = "rejected_other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine(SupplierRecord):
    """One line that he will not ship; ``reference`` is our line id.

    ``ships`` is how many of it he ships all the same. It is a total, so hearing it twice changes
    nothing.
    """

    reference: str
    code: Refusal
    ships: int = 0


class Answer(StrEnum):
    """What the supplier says of our order."""

    RECEIVED = "received"  # he has it, and has not decided
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELED = "canceled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"  # all of it, in whatever parcels
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelNews(SupplierRecord):
    """One parcel, as the supplier tells of it. ``lines`` is empty when he does not say."""

    carrier: str
    number: str
    url: str = ""
    lines: tuple[RequestLine, ...] = ()
    carrier_text: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseState(SupplierRecord):
    """How one of our purchase orders stands at the supplier.

    ``cost`` is what he charges for the goods, and ``freight`` for the way, where he says so. What
    he ``refused`` of an order that he accepts comes from nobody; all else of it goes on, and
    leaves by ``ships_by`` where that is later than he said before. ``unit_costs`` are what he wants
    for one of a line, by our line id, where that is not what was agreed.
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
    """What a supplier's unasked message is about."""

    ORDER = "order"
    PARCEL = "parcel"
    STOCK = "stock"
    PRODUCT = "product"
    CHARGE = "charge"  # he wants more money for an order: ``reason`` says how much and why


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierNews(SupplierRecord):
    """Something a supplier told us without being asked, in our words.

    ``external_id`` names the message: the same one may be delivered again. An order is named
    by our ``number`` or by his ``supplier_reference``, whichever he gives. ``split_into`` are
    his references of the orders that ours became: look each one up with ``find``. Of stock and
    products it only tells which ``skus`` and ``product_refs`` to ask for again: messages keep no
    order, so a figure in one may be older than what we know.
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
    charge: Money | None = None  # how much more he wants, where he names it

    def state(self, *, number: str) -> PurchaseState | None:
        """Read it as the state of our order ``number``; None when it says nothing of that."""
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
    """A complaint about goods that he shipped. ``number`` is ours, and unique."""

    number: str
    supplier_reference: str
    remedy: Remedy
    trouble: Trouble
    message: str
    lines: tuple[RequestLine, ...]
    picture_urls: tuple[str, ...] = ()
