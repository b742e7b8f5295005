"""Connector records: define what connectors receive and return, and the errors they raise."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from catalog.records import (
    FAILED,
    ImportIssue,
    ProductRecord,
    SupplierRecord,
    describe_unexpected,
)
from storefront.lib.address import Address
from storefront.lib.http.errors import CallDeferredError, PermanentError
from storefront.lib.money import Money

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReport(SupplierRecord):
    """A charge of the supplier for one order; ``number`` is ours.

    ``freight`` and ``at`` are None if the supplier does not report them.
    """

    number: str
    supplier_reference: str
    subtotal: Money
    freight: Money | None = None
    at: datetime | None = None


class ClaimResolution(StrEnum):
    REFUND = "refund"
    RESEND = "resend"


class ClaimReason(StrEnum):
    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_ITEM = "missing_item"
    NOT_AS_DESCRIBED = "not_as_described"
    OTHER = "other"


class ClaimStatus(StrEnum):
    OPEN = "open"
    REFUNDED = "refunded"
    RESENT = "resent"
    REFUSED = "refused"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReport(SupplierRecord):
    number: str
    supplier_claim_reference: str
    answer: ClaimStatus
    amount: Money | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class RequestKind(StrEnum):
    STOP = "supplier_cancellation_request"
    READDRESS = "supplier_address_change_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualRequest:
    """One manual request about one order, answered on our page of the order.

    Shape:  ``key`` is the idempotency key; ``ship_to`` is the new address
    """

    kind: RequestKind
    key: str
    number: str
    page_url: str = field(repr=False)
    ship_to: Address | None = None


# The code of a stock row without a readable SKU. Its SKU may be any that the answer lacks.
MISSING_SKU = "stock-missing-sku"


class DuplicateReferenceError(PermanentError):
    """The supplier already has an order with our reference: look it up and adopt it."""


class ItemUnavailableError(PermanentError):
    """The supplier rejects items as unavailable; ``skus`` are those it names, as it writes them."""

    skus: tuple[str, ...] = ()


class OutOfStockError(ItemUnavailableError):
    """The supplier has too few units."""


class DiscontinuedError(ItemUnavailableError):
    """The supplier no longer sells the item."""


class NoShippingServiceError(PermanentError):
    """The supplier, or the named shipping service, cannot deliver the parcel to this address."""


class UnsupportedCapabilityError(PermanentError):
    """The supplier's API has no such operation."""


class QuotaExceededError(CallDeferredError):
    """A quota is used up until ``until``: nothing was sent."""

    until: datetime

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, code="quota_exceeded", until=until)


class NotCancellableError(PermanentError):
    """The order cannot be canceled any more, or not through the API."""


class ManualCancellationError(NotCancellableError):
    """The order may still be canceled by a person at the supplier, not by a call."""


class UnpaidOrderError(NotCancellableError):
    """The order remains at the supplier unpaid: it ships only after a payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReport(SupplierRecord):
    sku: str
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReport(SupplierRecord):
    sku: str
    location: str
    country: str
    quantity: int


def is_missing_sku(row: StockReport | ImportIssue) -> bool:
    return isinstance(row, ImportIssue) and row.code == MISSING_SKU


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSummary(SupplierRecord):
    """One product in the supplier's list: enough to detect changes.

    ``digest`` covers its text, ``cost_digest`` its prices in the list. ``stock`` is None if
    the list lacks the stock of some SKU. ``min_order_units`` is set if the product pages lack it.
    """

    external_id: str
    digest: str
    cost_digest: str
    min_order_units: int | None = None
    stock: tuple[StockReport | ImportIssue, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDetail(SupplierRecord):
    """One product's page, with all data that can be imported from it.

    ``record`` is None if the product cannot be imported: a fatal ImportIssue in ``problems`` says
    why. ``digest`` covers the page without prices and stock; ``cost_digest`` covers the prices, and
    is empty unless the page is part of a bulk list. ``stock`` is None if the page has none.
    ``is_gone``: a delta list says that the product is no longer sold.
    """

    external_id: str
    digest: str
    record: ProductRecord | None
    cost_digest: str = ""
    problems: tuple[ImportIssue, ...] = ()
    stock: tuple[StockReport | ImportIssue, ...] | None = None
    is_gone: bool = False


def failed_detail(external_id: str, error: Exception) -> ProductDetail:
    """Return the page of a product whose data raised an unexpected exception, which is logged.

    Its digest is never the stored one, so that the next run reads the product again.
    """
    log.error("product %s cannot be read", external_id, exc_info=error)
    issue = ImportIssue(row=external_id, code=FAILED, message=describe_unexpected(error))
    return ProductDetail(
        external_id=external_id, digest=uuid4().hex, record=None, problems=(issue,)
    )


class MissingRowMeans(StrEnum):
    """What it means that a known row is missing from the supplier's list."""

    DISCONTINUED = "gone"  # no longer sold
    OUT_OF_STOCK = "empty"  # out of stock
    UNCHANGED = "unchanged"  # the list is a delta


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightOption(SupplierRecord):
    name: str  # exactly as an order must name it
    price: Money
    min_days: int
    max_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRequestLine(SupplierRecord):
    """A quantity of one supplier SKU; ``reference`` is our line id, echoed back.

    ``title`` is for the people who pack it.
    """

    sku: str
    quantity: int
    reference: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReference:
    number: str
    supplier_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderRequest:
    """What the supplier needs to ship an order, and no more.

    ``page_url`` is our page for suppliers without an API: anyone with the URL may answer.
    ``ioss_number`` is ours for imports into the EU, if the parcel travels under it.
    """

    number: str
    ship_to: Address
    location: str
    country_from: str
    carrier_service: str
    lines: tuple[PurchaseOrderRequestLine, ...]
    declared_value: Money
    ioss_number: str = ""
    page_url: str = field(default="", repr=False)


class RejectionReason(StrEnum):
    """Why a supplier does not ship a line, in the terms of EDI 855."""

    OUT_OF_STOCK = "out_of_stock"
    DISCONTINUED = "discontinued"
    INVALID_ITEM = "invalid_item"
    UNDELIVERABLE = "undeliverable"
    REJECTED_OTHER = "rejected_other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedLine(SupplierRecord):
    """One line that the supplier does not ship in full; ``reference`` is our line id.

    ``ships`` is the quantity that it still ships: a total, so that a repeat changes nothing.
    """

    reference: str
    code: RejectionReason
    ships: int = 0


class Acknowledgement(StrEnum):
    RECEIVED = "received"  # not decided
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELED = "canceled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"  # all of it, in whatever parcels
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentNotice(SupplierRecord):
    """One parcel as the supplier reports it. ``lines`` is empty if the content is unknown.

    ``replaces_number`` is the former number of the parcel, if the supplier changed it.
    """

    carrier: str
    number: str
    replaces_number: str = ""
    last_mile_carrier: str = ""
    last_mile_number: str = ""
    url: str = ""
    lines: tuple[PurchaseOrderRequestLine, ...] = ()
    carrier_text: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderReport(SupplierRecord):
    """The status of one of our purchase orders at the supplier.

    ``cost`` is the charge for the items, ``freight`` for shipping, if reported. ``refused`` are
    lines of an accepted order that will not ship in full. ``ships_by`` is a new ship date of the
    rest, if later than the last one. ``unit_costs`` are changed unit costs, by our line id.
    """

    number: str
    supplier_reference: str
    answer: Acknowledgement
    reason: str = ""
    cost: Money | None = None
    freight: Money | None = None
    parcels: tuple[ShipmentNotice, ...] = ()
    refused: tuple[RejectedLine, ...] = ()
    ships_by: date | None = None
    unit_costs: Mapping[str, Money] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


class EventType(StrEnum):
    ORDER = "order"
    PARCEL = "parcel"
    STOCK = "stock"
    PRODUCT = "product"
    CHARGE = "charge"  # an additional charge for an order: ``reason`` has amount and cause


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierEvent(SupplierRecord):
    """A webhook event of a supplier, in our terms.

    ``external_id`` identifies the event, which may be delivered again. An event about an order has
    our ``number``, the ``supplier_reference`` or both. ``split_into`` are references of the orders
    that ours was split into: look up each with ``find``. An event about stock or products only
    names the ``skus`` and ``product_external_ids`` to fetch again: events may arrive in any
    sequence, so their quantities may be older than ours.
    """

    kind: EventType
    external_id: str
    number: str = ""
    supplier_reference: str = ""
    answer: Acknowledgement | None = None
    reason: str = ""
    parcels: tuple[ShipmentNotice, ...] = ()
    split_into: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    product_external_ids: tuple[str, ...] = ()
    happened_at: datetime | None = None
    charge: Money | None = None  # the additional amount, if named

    def state(self, *, number: str) -> PurchaseOrderReport | None:
        """Return the event as the state of our order ``number``; None if it has no such data."""
        if self.answer is None and not self.parcels:
            return None
        return PurchaseOrderReport(
            number=number,
            supplier_reference=self.supplier_reference,
            answer=self.answer or Acknowledgement.SHIPPED,
            reason=self.reason,
            parcels=self.parcels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A claim about items that the supplier shipped. ``number`` is ours, and unique."""

    number: str
    supplier_reference: str
    remedy: ClaimResolution
    claim_reason: ClaimReason
    message: str
    lines: tuple[PurchaseOrderRequestLine, ...]
    picture_urls: tuple[str, ...] = ()
