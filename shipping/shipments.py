"""Take in what a supplier handed over: his parcels become ours, once each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from orders.models import PurchaseLine, PurchaseOrder
from shipping import carriers, fulfilling, tracking
from shipping.models import Parcel, ParcelLine, Shipment
from shipping.statuses import CarrierNews, from_words
from suppliers.adapters.base import Answer, ParcelNews, PurchaseState

LEFT = frozenset({Answer.SHIPPED, Answer.DELIVERED})
SHIPPABLE = frozenset(
    {
        PurchaseOrder.Status.IN_PROGRESS,
        PurchaseOrder.Status.PARTIALLY_SHIPPED,
        PurchaseOrder.Status.SHIPPED,
        PurchaseOrder.Status.CLOSED,
    }
)


class WrongOrderError(Exception):
    """Nothing can be shipped for this purchase order now. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """The parcels that are ours now, and in words what could not be taken."""

    parcels: tuple[Parcel, ...]
    problems: tuple[str, ...]


@transaction.atomic(durable=True)
def take_in(*, purchase_order: PurchaseOrder, state: PurchaseState, now: datetime) -> TakenIn:
    """Follow what a supplier says of his parcels: by webhook or by poll, in any order.

    A parcel is kept by carrier and number, so the same one told twice is one. What cannot be
    taken is left out with a reason, which stands with the purchase order for staff.

    Locks:  the order, then the purchase order, the allocations and the stock rows
    Raises: WrongOrderError  the news is not of this order, or it is not with the supplier
    """
    if state.number != purchase_order.number:
        raise WrongOrderError(f"{state.number} is not {purchase_order.number}")
    if not state.parcels and state.answer != Answer.DELIVERED:
        return TakenIn(parcels=(), problems=())
    locked = tracking.lock(purchase_order.pk)
    if locked.status not in SHIPPABLE:
        raise WrongOrderError(f"{locked} is {locked.status}, and nothing should ship for it")
    shipment, _ = Shipment.objects.get_or_create(
        purchase_order=locked, defaults={"created_at": now}
    )
    parcels, problems = [], []
    for news in state.parcels:
        try:
            parcel = _parcel(shipment, locked, news, now)
        except (carriers.BadNumberError, _RefusedError) as error:
            problems.append(str(error))
            continue
        parcels.append(parcel)
        if state.answer in LEFT:
            fulfilling.hand_over(parcel=parcel, purchase_order=locked, now=now)
        if told := _told_by_carrier(news):
            tracking.hear(parcel=parcel, purchase_order=locked, news=[told], now=now)
    if state.answer == Answer.DELIVERED:
        _all_delivered(shipment, locked, state, now)
    if problems:
        PurchaseOrder.objects.filter(pk=locked.pk).update(problem="; ".join(problems)[:300])
    purchase_order.refresh_from_db()
    return TakenIn(parcels=tuple(parcels), problems=tuple(problems))


class _RefusedError(Exception):
    """A parcel cannot be one of this order's."""


def _parcel(
    shipment: Shipment, purchase_order: PurchaseOrder, news: ParcelNews, now: datetime
) -> Parcel:
    number = carriers.number_of(news.number)
    # Within one shipment the number is enough: a supplier names the carrier differently
    # from one message to the next.
    if known := shipment.parcels.filter(number=number).first():
        return known
    carrier = carriers.name_of(news.carrier, number)
    foreign = Parcel.objects.filter(
        Q(carrier=carrier) | Q(shipment__purchase_order__supplier_id=purchase_order.supplier_id),
        number=number,
    )
    if other := foreign.select_related("shipment__purchase_order").first():
        raise _RefusedError(f"{other} belongs to {other.shipment.purchase_order}")
    contents = _contents(purchase_order, news)
    parcel = Parcel.objects.create(
        shipment=shipment,
        carrier=carrier,
        number=number,
        tracking_url=carriers.tracking_url(news.carrier, number, offered=news.url),
        status=Parcel.Status.ANNOUNCED,
        status_since=now,
        announced_at=now,
    )
    ParcelLine.objects.bulk_create(
        ParcelLine(parcel=parcel, order_line_id=line_id, quantity=quantity)
        for line_id, quantity in sorted(contents.items())
        if quantity > 0
    )
    return parcel


def _contents(purchase_order: PurchaseOrder, news: ParcelNews) -> Counter[int]:
    """Map order lines to how many of each are in a parcel: as told, or else all that is left.

    Never more than is left: what a supplier sends twice is not sold twice.

    Raises: _RefusedError  he names only what was never ordered from him
    """
    left = _left(purchase_order)
    if not news.lines:
        return Counter({line.order_line_id: count for line, count in left.items()})
    found: Counter[int] = Counter()
    ours = 0
    for told in news.lines:
        for line, count in left.items():
            if str(line.order_line_id) == told.reference or (
                not told.reference and line.order_line.offer.supplier_sku == told.sku
            ):
                ours += 1
                room = count - found[line.order_line_id]
                found[line.order_line_id] += max(0, min(told.quantity or room, room))
                break
    if not ours:
        raise _RefusedError(f"parcel {news.number[:40]}: what is in it was not ordered here")
    return found


def _left(purchase_order: PurchaseOrder) -> dict[PurchaseLine, int]:
    packed: Counter[int] = Counter()
    in_parcels = ParcelLine.objects.filter(parcel__shipment__purchase_order=purchase_order).exclude(
        parcel__status=Parcel.Status.VOIDED
    )
    for line_id, quantity in in_parcels.values_list("order_line_id", "quantity"):
        packed[line_id] += quantity
    lines = purchase_order.lines.filter(is_live=True).select_related("order_line__offer")
    return {line: line.quantity - packed[line.order_line_id] for line in lines.order_by("pk")}


def _told_by_carrier(news: ParcelNews) -> CarrierNews | None:
    if not news.carrier_text:
        return None
    return CarrierNews(
        status=from_words(news.carrier_text),
        text=news.carrier_text,
        happened_at=news.happened_at,
    )


def _all_delivered(
    shipment: Shipment, purchase_order: PurchaseOrder, state: PurchaseState, now: datetime
) -> None:
    """Believe the supplier that his whole order arrived, and so did every parcel of it."""
    times = [news.happened_at for news in state.parcels if news.happened_at]
    news = CarrierNews(
        status="delivered",
        text="Delivered, as the supplier says",
        happened_at=max(times, default=None),
        external_id="supplier:delivered",
    )
    for parcel in shipment.parcels.exclude(status=Parcel.Status.VOIDED).order_by("pk"):
        tracking.hear(parcel=parcel, purchase_order=purchase_order, news=[news], now=now)
