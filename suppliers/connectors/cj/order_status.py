"""CJ order status: read orders and their parcels, one or many, list CJ's charges.

Charges include all paid orders of the account, also those that this shop did not place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched

import msgspec

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.error_codes import ANSWERS, NO_SUCH_CALL, NO_SUCH_ORDER
from suppliers.connectors.cj.product_details import CURRENCY
from suppliers.connectors.cj.schemas import OrderDetail, OrderPage, PlacedOrder, TrackRow
from suppliers.connectors.records import (
    Answer,
    Charge,
    OrderName,
    ParcelNews,
    PurchaseState,
    RequestLine,
)

log = logging.getLogger(__name__)

MOST_ORDERS = 100
BATCH_GAP_S = 0.5  # two of these calls a second, at any level of the account
MOST_NUMBERS = 40
LEFT = frozenset({Answer.SHIPPED, Answer.DELIVERED})


def track(wire: Wire, orders: Sequence[OrderName]) -> Iterator[PurchaseState]:
    """Read many orders; those that CJ does not have are left out."""
    for place, chunk in enumerate(batched(orders, MOST_ORDERS)):
        if place:
            time.sleep(BATCH_GAP_S)
        found = _many(wire, [each.supplier_reference or each.number for each in chunk])
        known = [
            (each.number, detail)
            for each in chunk
            if (detail := found.get(each.supplier_reference or each.number)) is not None
        ]
        yield from states(wire, known)


def _many(wire: Wire, names: Sequence[str]) -> dict[str, OrderDetail]:
    try:
        told = wire.post(
            "shopping/order/getOrderDetailBatch", list[OrderDetail], {"orderIds": list(names)}
        )
    except PermanentError as error:
        if error.code not in NO_SUCH_CALL:
            raise
        told = [detail for name in names if (detail := one(wire, name)) is not None]
    asked = set(names)
    return {name: detail for detail in told for name in _names(detail) & asked}


def one(wire: Wire, name: str) -> OrderDetail | None:
    """Read one order by our number or CJ's; None if CJ has none."""
    try:
        return read(wire, name)
    except PermanentError as error:
        if error.code in NO_SUCH_ORDER:
            return None
        raise


def read(wire: Wire, name: str) -> OrderDetail:
    """Read one order.

    Raises: PermanentError  there is none; the code says how certain that is
            OutsideError    no answer
    """
    detail = wire.get("shopping/order/getOrderDetail", OrderDetail, orderId=name)
    if name not in _names(detail):
        raise TemporaryError(f"requested {name}, received {detail.order_num}", code="other_order")
    return detail


def _names(detail: OrderDetail) -> set[str]:
    names = (detail.order_num, detail.order_id, detail.cj_order_id, detail.cj_order_code)
    return {name for each in names if (name := parsing.text(each))}


def state(wire: Wire, number: str, detail: OrderDetail) -> PurchaseState:
    (told,) = states(wire, [(number, detail)])
    return told


def states(wire: Wire, known: Iterable[tuple[str, OrderDetail]]) -> Iterator[PurchaseState]:
    """Yield the state of orders, with the orders that CJ split them into and their parcels."""
    orders = [(number, detail, _parts(wire, detail)) for number, detail in known]
    moving = [each for _, _, parts in orders for each in _told(parts)]
    tracks = _tracks(wire, [each.track_number for each in moving if each.track_number])
    for number, detail, parts in orders:
        yield PurchaseState(
            number=number,
            supplier_reference=parsing.text(detail.order_id or detail.cj_order_id),
            answer=_answer_of_all(parts),
            cost=cost(detail),
            freight=freight(detail),
            parcels=tuple(parcel for each in _told(parts) for parcel in _parcels(each, tracks)),
            raw=msgspec.to_builtins(detail),
        )


def _parts(wire: Wire, detail: OrderDetail) -> list[OrderDetail]:
    """Return the orders that an order was split into, or the order itself."""
    references = detail.split_order_ids or ()
    return [part for each in references if (part := one(wire, each)) is not None] or [detail]


def _told(parts: list[OrderDetail]) -> list[OrderDetail]:
    """Leave out unshipped parts, if others shipped: their tracking number is a label only."""
    if _answer_of_all(parts) is Answer.PARTIALLY_SHIPPED:
        return [part for part in parts if own_answer(part) in LEFT]
    return parts


def _answer_of_all(parts: list[OrderDetail]) -> Answer:
    """Combine the parts of an order: it is shipped when the last of them is."""
    answers = {own_answer(part) for part in parts}
    if len(answers) == 1:
        return answers.pop()
    if answers <= LEFT:
        return Answer.SHIPPED
    if answers & LEFT:
        return Answer.PARTIALLY_SHIPPED
    return Answer.ACCEPTED


def own_answer(part: OrderDetail) -> Answer:
    return ANSWERS.get(part.order_status or "", Answer.RECEIVED)


def _parcels(detail: OrderDetail, tracks: Mapping[str, TrackRow]) -> tuple[ParcelNews, ...]:
    number = detail.track_number or ""
    if not number and own_answer(detail) not in LEFT:
        return ()
    words = tracks.get(number)
    return (
        ParcelNews(
            carrier=_carrier(detail, words),
            number=number,
            url=detail.tracking_url or "",
            lines=tuple(
                RequestLine(
                    sku=parsing.text(line.vid),
                    quantity=parsing.whole(line.quantity) or 0,
                    reference=parsing.text(line.store_line_item_id),
                )
                for line in detail.product_list or ()
            ),
            carrier_text=parsing.text(words.tracking_status) if words else "",
            happened_at=parsing.moment(words.delivery_time)
            if words and words.delivery_time
            else parsing.moment(detail.out_warehouse_time),
        ),
    )


def _carrier(detail: OrderDetail, words: TrackRow | None) -> str:
    """Return the carrier of the last mile; CJ's name of the service means nothing to a customer."""
    last_mile = words.last_mile_carrier if words else None
    return last_mile or detail.tracking_provider or detail.logistic_name or ""


def _tracks(wire: Wire, numbers: Sequence[str]) -> dict[str, TrackRow]:
    """Return tracking details, by number. Optional: a failure leaves them out."""
    found: dict[str, TrackRow] = {}
    for chunk in batched(dict.fromkeys(numbers), MOST_NUMBERS):
        try:
            rows = wire.get("logistic/trackInfo", list[TrackRow], trackNumber=list(chunk))
        except OutsideError as error:
            log.info("no tracking available now: %s", error)
            break
        found |= {row.tracking_number: row for row in rows if row.tracking_number}
    return found


def cost(order: PlacedOrder | OrderDetail) -> Money | None:
    goods = parsing.amount(order.product_amount)
    return Money(goods, order.currency or CURRENCY) if goods else None


def freight(order: PlacedOrder | OrderDetail) -> Money | None:
    postage = parsing.amount(order.postage_amount)
    if postage is None or postage < 0:
        return None
    return Money(postage, order.currency or CURRENCY)


# Without a status CJ lists canceled orders only, and those are refunded.
PAID = ("UNSHIPPED", "SHIPPED", "DELIVERED")
A_PAGE, MOST_PAGES = 200, 50


def charges(wire: Wire, *, since: datetime) -> Iterator[Charge]:
    """Yield the charges, from the lists down to a page of older orders only.

    Raises: TemporaryError  more orders than are read, or one without an amount
    """
    for status in PAID:
        for row in _rows(wire, status, since):
            if parsing.text(row.payment_date):
                yield _charge(row)


def _rows(wire: Wire, status: str, since: datetime) -> Iterator[OrderDetail]:
    for page in range(1, MOST_PAGES + 1):
        words = {"pageNum": page, "pageSize": A_PAGE, "status": status}
        rows = wire.get("shopping/order/list", OrderPage, **words).rows or []
        made = [(row, parsing.moment(row.create_date)) for row in rows]
        young = [row for row, at in made if at is None or at >= since]
        yield from young
        if len(rows) < A_PAGE or not young:
            return
    raise TemporaryError(f"more than {A_PAGE * MOST_PAGES} orders are {status}", code="too_much")


def _charge(row: OrderDetail) -> Charge:
    goods = parsing.amount(row.product_amount)
    if goods is None:
        raise TemporaryError(f"{row.order_num}: the cost is missing", code="garbage")
    return Charge(
        number=row.order_num or "",
        supplier_reference=parsing.text(row.order_id or row.cj_order_id),
        goods=Money(goods, row.currency or CURRENCY),
        freight=freight(row),
        at=parsing.moment(row.payment_date),
    )
