"""Order tracking: group an order's lines into parcels, describe status and cancellation of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.backorders import backorders
from orders.models import Backorder, Order, OrderLine, PurchaseLine, PurchaseOrder
from shipping.models import Parcel, ParcelLine, SilenceCase, TrackingEvent
from shipping.shipments.identities import tracking_link
from shipping.silence.expected_days import ExpectedDays, expected_days
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.web.orders.parcel_facts import NO_FACTS, ParcelFacts, read_facts
from storefront.web.orders.parcel_progress import (
    EventView,
    Stage,
    Step,
    event_views,
    stage_of,
    steps_of,
)

STAGE_TEXTS: Mapping[Stage, Promise] = {
    Stage.PLACED: _("Your order is placed. We are passing it to the supplier."),
    Stage.CONFIRMED: _("The supplier has accepted it and is packing it."),
    Stage.PACKED: _("It is packed and waiting for the carrier."),
    Stage.ON_THE_WAY: _("It is on the way to you."),
    Stage.OUT_FOR_DELIVERY: _("It is out for delivery."),
    Stage.DELIVERED: _("Delivered."),
}
CARRIER_TEXTS: Mapping[str, Promise] = {
    Parcel.CarrierStatus.AVAILABLE_FOR_PICKUP: _("It is ready for you at a pick-up point."),
    Parcel.CarrierStatus.ATTEMPT_FAILED: _("The carrier could not deliver it and will try again."),
    Parcel.CarrierStatus.EXCEPTION: _("The carrier reports a problem. We are looking into it."),
    Parcel.CarrierStatus.RETURN_TO_SENDER: _(
        "The carrier is sending it back. We will write to you."
    ),
    Parcel.CarrierStatus.LOST: _("The carrier has lost it. We will write to you."),
    Parcel.CarrierStatus.EXPIRED: _(
        "There has been no update from the carrier for some time. We are asking."
    ),
}
# Of a lost or returned parcel, by what was done about it.
RESOLUTION_TEXTS: Mapping[str, Promise] = {
    Parcel.Resolution.REFUNDED: _("It did not reach you. We refund it the way you paid."),
    Parcel.Resolution.REPLACED: _(
        "It did not reach you. We send you a replacement, which has its own order number."
    ),
    Parcel.Resolution.CLOSED: _("It did not reach you. This is settled."),
}
UNDELIVERABLE_TEXTS: Mapping[str, Promise] = {
    Parcel.Status.LOST: _("It is lost. We send you a replacement or refund it."),
    Parcel.Status.RETURNED: _(
        "It went back to the sender. We send you a replacement or refund it."
    ),
}


class CancellationState(StrEnum):
    """State of a cancellation request for one parcel."""

    NONE = ""
    PENDING = "pending"
    REQUESTED = "requested"
    REFUSED = "refused"
    SHIPPED = "shipped"
    ARRIVED = "arrived"


CANCELLATION_TEXTS: Mapping[CancellationState, Promise] = {
    CancellationState.PENDING: _(
        "We are asking the supplier to stop it. We send you the answer by e-mail."
    ),
    CancellationState.REQUESTED: _(
        "We have asked the supplier to stop it. We send you the answer by e-mail."
    ),
    CancellationState.REFUSED: _(
        "It could not be canceled and will be delivered. You can return it after delivery."
    ),
    CancellationState.SHIPPED: _(
        "It could not be canceled: it is already on its way. You can return it after delivery."
    ),
    CancellationState.ARRIVED: _("You asked to cancel it, but it was too late. You can return it."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Units of one line, or of its substitute."""

    line: OrderLine
    quantity: int
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelView:
    """A packed parcel or, without ``number``, an expected one.

    ``agreed_by``: accepted arrival. ``expected``: by what is known now. ``silence``: what the
    customer was told because there was no news.
    """

    country: str
    stage: Stage
    sentence: Promise
    steps: Sequence[Step]
    contents: tuple[Content, ...]
    events: Sequence[EventView] = ()
    expected: ExpectedDays | None = None
    silence: SilenceCase | None = None
    stop: CancellationState = CancellationState.NONE
    arrives_from: date | None
    arrives_to: date | None
    agreed_by: date | None = None
    carrier: str = ""
    number: str = ""
    tracking_url: str = ""
    last_mile_carrier: str = ""
    last_mile_number: str = ""
    last_mile_url: str = ""
    is_late: bool = False
    purchase_id: int | None = None
    delivered_on: datetime | None = None

    @property
    def stop_text(self) -> Promise | str:
        return CANCELLATION_TEXTS.get(self.stop, "")

    @property
    def is_packed(self) -> bool:
        return self.stage >= Stage.PACKED

    @property
    def is_delivered(self) -> bool:
        return self.stage == Stage.DELIVERED


def _purchase_order_ids(*, order_id: int) -> QuerySet[PurchaseOrder]:
    return PurchaseOrder.objects.filter(order=order_id).only("pk")


_PURCHASE_ORDER_IDS = PreparedQuery(_purchase_order_ids)


def purchases_of(order: Order) -> list[PurchaseOrder]:
    """Return all purchase orders of an order, with their parcels."""
    if not _PURCHASE_ORDER_IDS(order_id=order.pk):  # saves 2 ms: compiling the query below
        return []
    packed = Parcel.objects.exclude(status=Parcel.Status.VOIDED).order_by("pk")
    parcel_lines = Prefetch("lines", ParcelLine.objects.order_by("pk"))
    purchase_lines = Prefetch("lines", PurchaseLine.objects.select_related("offer"))
    accepted_delays = Backorder.objects.filter(
        purchase_order=OuterRef("pk"), kind=Backorder.Kind.LATER, chosen=Backorder.Choice.WAIT
    )
    rows = (
        PurchaseOrder.objects.filter(order=order)
        .annotate(
            agreed_by=Subquery(accepted_delays.order_by("-arrives_by").values("arrives_by")[:1])
        )
        .select_related("shipment")
        .prefetch_related(
            purchase_lines,
            Prefetch("shipment__parcels", packed.prefetch_related(parcel_lines, "tracking_events")),
        )
        .order_by("pk")
    )
    return list(rows)


def parcel_views(
    order: Order,
    now: datetime,
    *,
    lines: Sequence[OrderLine],
    purchases: Iterable[PurchaseOrder],
) -> list[ParcelView]:
    """Return packed and expected parcels; ``lines`` and ``purchases`` are all of the order."""
    purchase_orders = list(purchases)
    if not purchase_orders:
        by_level = {line.level_id: line for line in lines}
        return [
            box
            for entry in order.delivery_plan
            for box in _parcel_views(
                entry,
                [by_level[level] for level in entry["levels"].values() if level in by_level],
                None,
                now,
            )
        ]
    by_id = {line.pk: line for line in lines}
    facts = read_facts(order, purchase_orders, lines)
    views: list[ParcelView] = []
    for purchase in purchase_orders:
        active_rows = [row for row in purchase.lines.all() if row.is_active]
        order_lines = [
            by_id[row.order_line_id] for row in active_rows if row.order_line_id in by_id
        ]
        _attach_lines(purchase, by_id)
        if purchase.entry:
            views += _parcel_views(purchase.entry, order_lines, purchase, now, facts)
    return views


def _attach_lines(purchase: PurchaseOrder, by_id: Mapping[int, OrderLine]) -> None:
    """Set the order lines of the parcels' contents to ``by_id``, which have their products."""
    shipment = getattr(purchase, "shipment", None)
    for parcel in shipment.parcels.all() if shipment else ():
        for row in parcel.lines.all():
            row.order_line = by_id[row.order_line_id]


def canceled_lines(
    purchases: Iterable[PurchaseOrder], lines: Sequence[OrderLine]
) -> list[tuple[OrderLine, int]]:
    """Return the lines canceled on request, with quantities; takes all lines and orders."""
    by_id = {line.pk: line for line in lines}
    return [
        (by_id[row.order_line_id], row.quantity)
        for purchase in purchases
        for row in purchase.lines.all()
        if row.order_line_id in by_id and row.acknowledgment in _canceled_codes(purchase)
    ]


def _canceled_codes(purchase: PurchaseOrder) -> set[str]:
    """Return the acknowledgments of the lines of a purchase order that a request canceled."""
    is_canceled = purchase.status == PurchaseOrder.Status.CANCELED and purchase.cancel_reason
    whole = {"", "accepted"} if is_canceled and not purchase.is_being_reassigned else set()
    return {backorders.CANCELED, *whole}


def _parcel_views(
    entry: Mapping[str, Any],
    lines: list[OrderLine],
    purchase: PurchaseOrder | None,
    now: datetime,
    facts: ParcelFacts = NO_FACTS,
) -> Iterator[ParcelView]:
    """Yield the parcels of a purchase order, then the rest of ``lines`` as an expected one."""
    today = now.date()
    arrives_from = date.fromisoformat(entry["arrives_from"])
    arrives_to = date.fromisoformat(entry["arrives_to"])
    agreed_by: date | None = getattr(purchase, "agreed_by", None)
    last_day = max(arrives_to, agreed_by or arrives_to)
    shipment = getattr(purchase, "shipment", None) if purchase else None
    ship_to = purchase.order.ship_to if purchase else {}
    for parcel in shipment.parcels.all() if shipment else ():
        stage = stage_of(parcel)
        is_expected = parcel.status not in Parcel.UNDELIVERABLE
        numbers = {"", parcel.number, parcel.last_mile_number}
        events: list[TrackingEvent] = [
            event for event in parcel.tracking_events.all() if event.number in numbers
        ]
        yield ParcelView(
            country=entry["country"],
            stage=stage,
            sentence=_sentence(parcel, stage),
            steps=steps_of(stage, parcel),
            events=event_views(events),
            expected=expected_days(
                parcel,
                purchase,
                events,
                country=ship_to["country"],
                transit=facts.transits.get(parcel.pk),
                now=now,
            )
            if purchase
            else None,
            silence=facts.silences.get(parcel.pk),
            stop=cancellation_state(
                purchase,
                has_shipped=stage >= Stage.ON_THE_WAY,
                has_arrived=stage == Stage.DELIVERED,
            )
            if purchase
            else CancellationState.NONE,
            contents=tuple(
                Content(
                    line=row.order_line,
                    quantity=row.quantity,
                    instead=facts.substitutes.get(row.order_line_id, ""),
                )
                for row in parcel.lines.all()
            ),
            arrives_from=arrives_from if is_expected else None,
            arrives_to=arrives_to if is_expected else None,
            agreed_by=agreed_by if is_expected else None,
            carrier=parcel.carrier,
            number=parcel.number,
            tracking_url=tracking_link(parcel, ship_to=ship_to, language=get_language() or "en"),
            last_mile_carrier=parcel.last_mile_carrier,
            last_mile_number=parcel.last_mile_number,
            last_mile_url=parcel.last_mile_url,
            is_late=is_expected and stage < Stage.DELIVERED and last_day < today,
            purchase_id=purchase.pk if purchase else None,
            delivered_on=_delivered_on(parcel) if stage == Stage.DELIVERED else None,
        )
    waiting = tuple(
        Content(line=line, quantity=remaining, instead=facts.substitutes.get(line.pk, ""))
        for line in lines
        if (remaining := line.quantity - line.canceled_quantity - line.shipped_quantity) > 0
    )
    if waiting:
        is_accepted = bool(purchase and purchase.accepted_at)
        stage = Stage.CONFIRMED if is_accepted else Stage.PLACED
        yield ParcelView(
            country=entry["country"],
            stage=stage,
            sentence=STAGE_TEXTS[stage],
            steps=steps_of(stage),
            stop=cancellation_state(purchase, has_shipped=False)
            if purchase
            else CancellationState.NONE,
            contents=waiting,
            arrives_from=arrives_from,
            arrives_to=arrives_to,
            agreed_by=agreed_by,
            is_late=last_day < today,
            purchase_id=purchase.pk if purchase else None,
        )


def cancellation_state(
    purchase: PurchaseOrder, *, has_shipped: bool, has_arrived: bool = False
) -> CancellationState:
    """Return the state of the cancellation request for one parcel of a purchase order."""
    if purchase.is_being_reassigned or not purchase.cancel_reason:  # no cancellation was requested
        return CancellationState.NONE
    if has_arrived:
        return CancellationState.ARRIVED
    if has_shipped:
        return CancellationState.SHIPPED
    if purchase.status in PurchaseOrder.CANCELABLE and purchase.cancel_requested_at is not None:
        is_requested = purchase.submission_status == PurchaseOrder.Submission.CANCELLATION_REQUESTED
        by_person = purchase.cancellation_channel == PurchaseOrder.RequestChannel.STAFF
        return (
            CancellationState.REQUESTED
            if is_requested and not by_person
            else CancellationState.PENDING
        )
    is_refused = purchase.submission_status == PurchaseOrder.Submission.CANCELLATION_REJECTED
    return (
        CancellationState.REFUSED
        if is_refused and purchase.status != PurchaseOrder.Status.CANCELED
        else CancellationState.NONE
    )


def _delivered_on(parcel: Parcel) -> datetime:
    """Return when the carrier delivered the parcel, or when the shop learned of the delivery."""
    carrier_time = (
        parcel.carrier_status == Parcel.CarrierStatus.DELIVERED and parcel.carrier_status_at
    )
    return carrier_time or parcel.status_since


def _sentence(parcel: Parcel, stage: Stage) -> Promise:
    if parcel.status in Parcel.UNDELIVERABLE:
        return RESOLUTION_TEXTS.get(parcel.resolution, UNDELIVERABLE_TEXTS[parcel.status])
    if stage == Stage.DELIVERED:
        return STAGE_TEXTS[stage]
    return CARRIER_TEXTS.get(parcel.carrier_status, STAGE_TEXTS[stage])
