"""Portal actions: turn a supplier's answers on its page into the same events as from an API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from orders.cancellation import supplier_answers
from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.models import Parcel
from shipping.shipments import shipments
from shipping.shipments.shipments import TakenIn
from storefront.lib.money import Money
from suppliers.connectors.records import Answer, ParcelNews, PurchaseState, RefusedLine, RequestLine

DELIVERED = "Delivered"


def answer(  # noqa: PLR0913 - all parts of one answer
    *,
    purchase_order: PurchaseOrder,
    refused: Sequence[RefusedLine],
    is_whole: bool,
    unit_costs: Mapping[str, Money],
    ships_by: date | None,
    now: datetime,
) -> None:
    """Accept the purchase order except ``refused`` lines; reject it if ``is_whole``."""
    state = PurchaseState(
        number=purchase_order.number,
        supplier_reference="",
        answer=Answer.REJECTED if is_whole else Answer.ACCEPTED,
        reason=", ".join(sorted({line.code.value for line in refused})),
        refused=tuple(refused),
        unit_costs=unit_costs,
        ships_by=ships_by,
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)


def ship(
    *,
    purchase_order: PurchaseOrder,
    carrier: str,
    number: str,
    units: Mapping[int, int],
    now: datetime,
) -> TakenIn:
    """Record one parcel; shipping implies acceptance.

    Raises: shipments.WrongOrderError: nothing should ship for the order.
    """
    inside = tuple(
        RequestLine(sku="", quantity=count, reference=str(line_id))
        for line_id, count in units.items()
    )
    return _follow(purchase_order, ParcelNews(carrier=carrier, number=number, lines=inside), now)


def arrive(*, purchase_order: PurchaseOrder, parcel: Parcel, now: datetime) -> TakenIn:
    """Record the delivery of one parcel, as reported by the supplier."""
    news = ParcelNews(carrier=parcel.carrier, number=parcel.number, carrier_text=DELIVERED)
    return _follow(purchase_order, news, now)


def stop(*, purchase_order: PurchaseOrder, is_stopped: bool, now: datetime) -> None:
    """Record the supplier's answer to a cancellation request.

    Raises: supplier_answers.NotAskedError.
    """
    say = supplier_answers.stopped if is_stopped else supplier_answers.not_stopped
    say(purchase_order=purchase_order, actor=f"supplier {purchase_order.supplier.code}", now=now)


def _follow(purchase_order: PurchaseOrder, news: ParcelNews, now: datetime) -> TakenIn:
    state = PurchaseState(
        number=purchase_order.number,
        supplier_reference="",
        answer=Answer.PARTIALLY_SHIPPED,
        parcels=(news,),
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
    return shipments.take_in(purchase_order=purchase_order, state=state, now=now)
