"""Portal purchase order: load what a supplier must ship, and what it has reported so far."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.address_changes import change_requests
from orders.backorders.rejected_lines import REJECTABLE_STATES
from orders.cancellation import supplier_answers
from orders.models import AddressChangeRequest, PurchaseDocument, PurchaseOrder
from shipping.models import Parcel, ParcelLine
from shipping.shipments import contents
from shipping.shipments.identities import tracking_link
from storefront.lib.address import Address
from storefront.lib.money import Money

Status = PurchaseOrder.Status

REASONS: dict[str, Promise] = {
    "out_of_stock": _("Out of stock"),
    "discontinued": _("Discontinued"),
    "invalid_item": _("Not our item"),
    "undeliverable": _("Cannot be delivered to this address"),
    "rejected_other": _("Another reason"),
}
DOCUMENT_KINDS: dict[str, Promise] = {
    PurchaseDocument.Kind.INVOICE: _("Invoice"),
    PurchaseDocument.Kind.PACKING_LIST: _("Packing list"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the purchase order.

    ``refused`` is why the line is not shipped, else empty; ``remaining`` units are in no parcel
    yet; ``agreed`` is the cost per unit.
    """

    id: int
    sku: str
    title: str
    quantity: int
    remaining: int
    refused: Promise | str
    agreed: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelView:
    """One parcel that the supplier reported."""

    carrier: str
    number: str
    tracking_url: str
    is_delivered: bool
    contents: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page shows, and what can be done now.

    ``can_cancel`` stays true after the supplier refused to cancel: it may change its answer.
    ``is_answer_pending`` is true until its first answer to the cancellation request.
    """

    purchase_order: PurchaseOrder
    lines: tuple[Line, ...]
    parcels: tuple[ParcelView, ...]
    is_answered: bool
    is_canceled: bool
    is_finished: bool
    can_cancel: bool
    is_answer_pending: bool
    can_refuse: bool
    change_request: AddressChangeRequest | None
    documents: tuple[tuple[Promise, date], ...]

    @property
    def requested_address(self) -> Address | None:
        """The address that the customer requested, until the supplier answers."""
        return (
            Address(**self.change_request.ship_to)
            if self.change_request and self.remaining
            else None
        )

    @property
    def active_lines(self) -> list[Line]:
        return [line for line in self.lines if not line.refused]

    @property
    def remaining(self) -> list[Line]:
        """Lines with units that are in no parcel yet."""
        return [] if self.is_canceled else [line for line in self.active_lines if line.remaining]

    @property
    def ship_to(self) -> Address | None:
        """The delivery address, while anything remains to be shipped."""
        return Address(**self.purchase_order.goes_to) if self.remaining else None


def load_page(purchase_order: PurchaseOrder) -> Page:
    remaining = contents.remaining_units(purchase_order)
    parcels = _parcels(purchase_order)
    status = purchase_order.status
    can_refuse = status in REJECTABLE_STATES and not parcels
    return Page(
        purchase_order=purchase_order,
        lines=_lines(purchase_order, remaining),
        parcels=parcels,
        is_answered=purchase_order.accepted_at is not None,
        is_canceled=status == Status.CANCELED,
        is_finished=status in {Status.CLOSED, Status.CANCELED},
        can_cancel=can_refuse and supplier_answers.can_confirm(purchase_order),
        is_answer_pending=supplier_answers.is_answer_pending(purchase_order),
        can_refuse=can_refuse,
        change_request=change_requests.pending_request(purchase_order),
        documents=_documents(purchase_order),
    )


def _documents(purchase_order: PurchaseOrder) -> tuple[tuple[Promise, date], ...]:
    """Return the type of each document that the supplier uploaded, and the day."""
    zone = ZoneInfo(purchase_order.supplier.time_zone)
    rows = purchase_order.documents.order_by("pk")
    return tuple(
        (DOCUMENT_KINDS[row.kind], row.uploaded_at.astimezone(zone).date()) for row in rows
    )


def _lines(purchase_order: PurchaseOrder, remaining: Counter[int]) -> tuple[Line, ...]:
    rows = purchase_order.lines.select_related("order_line", "offer__variant__product")
    return tuple(
        Line(
            id=row.order_line_id,
            sku=row.offer.supplier_sku,
            title=row.title,
            quantity=row.quantity,
            remaining=remaining[row.order_line_id],
            agreed=Money(row.agreed_cost_amount, row.cost_currency),
            refused="" if row.is_active else REASONS.get(row.acknowledgment, _("Canceled")),
        )
        for row in rows.order_by("pk")
    )


def _parcels(purchase_order: PurchaseOrder) -> tuple[ParcelView, ...]:
    parcels = (
        Parcel.objects.filter(shipment__purchase_order=purchase_order)
        .exclude(status=Parcel.Status.VOIDED)
        .prefetch_related(Prefetch("lines", ParcelLine.objects.order_by("pk")))
        .order_by("pk")
    )
    names = dict(purchase_order.lines.values_list("order_line", "offer__supplier_sku"))
    return tuple(
        ParcelView(
            carrier=parcel.carrier,
            number=parcel.number,
            tracking_url=tracking_link(
                parcel, ship_to=purchase_order.order.ship_to, language=get_language() or "en"
            ),
            is_delivered=parcel.status == Parcel.Status.DELIVERED,
            contents=tuple((row.quantity, names[row.order_line_id]) for row in parcel.lines.all()),
        )
        for parcel in parcels
    )
