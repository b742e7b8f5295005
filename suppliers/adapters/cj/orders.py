"""Word our purchase orders for CJ, and read what CJ says of them."""

from __future__ import annotations

import logging
import re
from typing import Any

import msgspec
from babel import Locale

from storefront.lib.address import Address
from storefront.lib.failures import OutsideError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.adapters.base import (
    Answer,
    FreightOption,
    NotStoppableError,
    ParcelNews,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
)
from suppliers.adapters.cj import reading
from suppliers.adapters.cj.codes import ANSWERS, NO_SUCH_ORDER
from suppliers.adapters.cj.shapes import OrderDetail, PlacedOrder, Route, TrackRow
from suppliers.adapters.cj.variants import CURRENCY
from suppliers.adapters.cj.wire import Wire

log = logging.getLogger(__name__)

PAY_FROM_BALANCE = 2
LEFT = frozenset({Answer.SHIPPED, Answer.DELIVERED})
STILL_OURS_TO_STOP = frozenset({"CREATED", "IN_CART"})
LONGEST = {
    "orderNumber": 50,
    "shippingZip": 20,
    "shippingProvince": 50,
    "shippingCity": 50,
    "shippingPhone": 20,
    "shippingCustomerName": 50,
    "shippingAddress": 200,
    "shippingAddress2": 200,
    "logisticName": 50,
}
DAYS = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?")
COUNTRY_NAMES = Locale("en").territories


def freight(
    wire: Wire, *, country_from: str, ship_to: Address, lines: tuple[RequestLine, ...]
) -> tuple[FreightOption, ...]:
    routes = wire.post(
        "logistic/freightCalculate",
        list[Route],
        {
            "startCountryCode": country_from,
            "endCountryCode": ship_to.country,
            "zip": ship_to.postcode,
            "products": [{"vid": line.sku, "quantity": line.quantity} for line in lines],
        },
    )
    return tuple(option for route in routes if (option := _option(route)) is not None)


def _option(route: Route) -> FreightOption | None:
    price = reading.amount(route.total_postage_fee)
    if price is None:
        price = reading.amount(route.logistic_price)
    days = DAYS.search(route.logistic_aging or "")
    if price is None or price < 0 or days is None:
        log.warning("a route without price or time is not offered: %s", route)
        return None
    return FreightOption(
        name=route.logistic_name,
        price=Money(price, route.currency or CURRENCY),
        min_days=int(days[1]),
        max_days=int(days[2] or days[1]),
    )


def place(wire: Wire, request: PurchaseRequest) -> PurchaseState:
    placed = wire.post("shopping/order/createOrderV2", PlacedOrder, _worded(request))
    if placed.order_number not in {None, request.number}:
        # Somebody else's answer: ours is lost, and the order has to be looked up.
        raise TemporaryError(
            f"asked about {request.number}, told of {placed.order_number}",
            code="other_order",
            may_have_happened=True,
        )
    blocked = [
        f"{reason.code}: {reason.message}" for reason in placed.intercept_order_reasons or ()
    ]
    if placed.logistics_miss:
        blocked.append("the route is missing")
    if not placed.order_id:
        blocked.append("the order has no number at the supplier yet")
    answer = ANSWERS.get(placed.order_status or "", Answer.RECEIVED)
    return PurchaseState(
        number=request.number,
        supplier_reference=reading.text(placed.order_id),
        answer=Answer.RECEIVED if blocked else answer,
        reason="; ".join(blocked),
        cost=_cost(placed),
        raw=msgspec.to_builtins(placed),
    )


def _worded(request: PurchaseRequest) -> dict[str, Any]:
    to = request.ship_to
    body: dict[str, Any] = {
        "orderNumber": request.number,
        "shippingZip": to.postcode,
        "shippingCountryCode": to.country,
        "shippingCountry": COUNTRY_NAMES.get(to.country, to.country),
        # CJ insists on a province even where the country has none.
        "shippingProvince": to.region or to.city,
        "shippingCity": to.city,
        "shippingPhone": to.phone,
        "shippingCustomerName": to.name,
        "shippingAddress": to.line1,
        "shippingAddress2": to.line2,
        "payType": PAY_FROM_BALANCE,
        # Exact digits: as text CJ might read it in another way, as float we would lose some.
        "shopAmount": msgspec.Raw(str(request.declared_value.rounded().amount).encode()),
        "logisticName": request.carrier_service,
        "fromCountryCode": request.country_from,
        "products": [
            {"vid": line.sku, "quantity": line.quantity, "storeLineItemId": line.reference}
            for line in request.lines
        ],
    }
    too_long = [field for field, most in LONGEST.items() if len(body[field]) > most]
    if too_long:
        raise PermanentError(f"too long for the supplier: {', '.join(too_long)}", code="too_long")
    return body


def find(wire: Wire, number: str) -> PurchaseState | None:
    detail = _detail(wire, number)
    return None if detail is None else _state(wire, number, detail)


def _detail(wire: Wire, number: str) -> OrderDetail | None:
    try:
        detail = wire.get("shopping/order/getOrderDetail", OrderDetail, orderId=number)
    except PermanentError as error:
        if error.code in {str(code) for code in NO_SUCH_ORDER}:
            return None
        raise
    names = (detail.order_num, detail.order_id, detail.cj_order_id, detail.cj_order_code)
    if number not in {reading.text(name) for name in names}:
        raise TemporaryError(
            f"asked about {number}, told of {detail.order_num}", code="other_order"
        )
    return detail


def _state(wire: Wire, number: str, detail: OrderDetail) -> PurchaseState:
    parts = [
        part
        for reference in detail.split_order_ids or ()
        if (part := _detail(wire, reference)) is not None
    ]
    answer = _answer_of_all(parts or [detail])
    # While some of it stays behind, a number of that part is a label only.
    told = parts or [detail]
    if answer is Answer.PARTIALLY_SHIPPED:
        told = [part for part in parts if _own_answer(part) in LEFT]
    return PurchaseState(
        number=number,
        supplier_reference=reading.text(detail.order_id or detail.cj_order_id),
        answer=answer,
        cost=_cost(detail),
        parcels=tuple(parcel for each in told for parcel in _parcels(wire, each)),
        raw=msgspec.to_builtins(detail),
    )


def _answer_of_all(parts: list[OrderDetail]) -> Answer:
    """Sum up the orders that ours became: it is shipped when the last of them is."""
    answers = {_own_answer(part) for part in parts}
    if len(answers) == 1:
        return answers.pop()
    if answers <= LEFT:
        return Answer.SHIPPED
    if answers & LEFT:
        return Answer.PARTIALLY_SHIPPED
    return Answer.ACCEPTED


def _own_answer(part: OrderDetail) -> Answer:
    return ANSWERS.get(part.order_status or "", Answer.RECEIVED)


def _parcels(wire: Wire, detail: OrderDetail) -> tuple[ParcelNews, ...]:
    number = detail.track_number or ""
    if not number and _own_answer(detail) not in LEFT:
        return ()
    words = _track(wire, number) if number else None
    return (
        ParcelNews(
            carrier=_carrier(detail, words),
            number=number,
            url=detail.tracking_url or "",
            lines=tuple(
                RequestLine(
                    sku=reading.text(line.vid),
                    quantity=reading.whole(line.quantity) or 0,
                    reference=reading.text(line.store_line_item_id),
                )
                for line in detail.product_list or ()
            ),
            carrier_text=reading.text(words.tracking_status) if words else "",
            happened_at=reading.moment(words.delivery_time)
            if words and words.delivery_time
            else reading.moment(detail.out_warehouse_time),
        ),
    )


def _carrier(detail: OrderDetail, words: TrackRow | None) -> str:
    """Name who brings it to the door; CJ's name of the route says nothing to a shopper."""
    last_mile = words.last_mile_carrier if words else None
    return last_mile or detail.tracking_provider or detail.logistic_name or ""


def _track(wire: Wire, number: str) -> TrackRow | None:
    """Ask where the parcel is; that it left is known without it."""
    try:
        rows = wire.get("logistic/trackInfo", list[TrackRow], trackNumber=number)
    except OutsideError as error:
        log.info("no tracking of %s now: %s", number, error)
        return None
    return next((row for row in rows if row.tracking_number == number), None)


def cancel(wire: Wire, number: str) -> PurchaseState:
    """Delete an order that is not paid yet: CJ has no call to stop a later one."""
    detail = _detail(wire, number)
    if detail is None:
        # What he does not have, he does not ship: perhaps our last wish was heard.
        return PurchaseState(
            number=number,
            supplier_reference="",
            answer=Answer.CANCELED,
            reason="the supplier does not have it",
        )
    state = _state(wire, number, detail)
    if state.answer is Answer.CANCELED:
        return state
    if detail.order_status not in STILL_OURS_TO_STOP:
        raise NotStoppableError(f"{number} is {detail.order_status}: ask the supplier in person")
    wire.delete("shopping/order/deleteOrder", Any, orderId=state.supplier_reference)
    return PurchaseState(
        number=number,
        supplier_reference=state.supplier_reference,
        answer=Answer.CANCELED,
        reason="deleted before it was paid",
    )


def _cost(order: PlacedOrder | OrderDetail) -> Money | None:
    goods = reading.amount(order.product_amount)
    return Money(goods, order.currency or CURRENCY) if goods else None
