"""CJ orders: quote freight, place, find, resume and cancel purchase orders, read the balance."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any

import msgspec
from babel import Locale

from storefront.lib.address import Address
from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj import order_status, payment
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.error_codes import ANSWERS, BAD_PARAMETER, NO_ORDER
from suppliers.connectors.cj.product_details import CURRENCY
from suppliers.connectors.cj.schemas import (
    AccountBalance,
    OrderDetail,
    OrderPage,
    PlacedOrder,
    Route,
)
from suppliers.connectors.records import (
    Answer,
    AskInPersonError,
    FreightOption,
    LeftUnpaidError,
    NotStoppableError,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
)

# Body of an order

LONGEST = {
    "orderNumber": 50,
    "shippingZip": 20,
    "shippingCountry": 50,
    "shippingProvince": 50,
    "shippingCity": 50,
    "shippingPhone": 20,
    "shippingCustomerName": 50,
    "shippingAddress": 200,
    "shippingAddress2": 200,
    "logisticName": 50,
    "iossNumber": 10,
}
OWN_IOSS = 2
COUNTRY_NAMES = Locale("en").territories


def order(request: PurchaseRequest, *, pay_type: int) -> dict[str, Any]:
    """Return the body of an order.

    Raises: PermanentError  a field is too long for CJ: nothing is sent
    """
    to = request.ship_to
    body: dict[str, Any] = {
        "orderNumber": request.number,
        "shippingZip": to.postcode,
        "shippingCountryCode": to.country,
        "shippingCountry": COUNTRY_NAMES.get(to.country, to.country),
        # CJ requires a province even where the country has none.
        "shippingProvince": to.region or to.city,
        "shippingCity": to.city,
        "shippingPhone": to.phone,
        "shippingCustomerName": to.name,
        "shippingAddress": to.line1,
        "shippingAddress2": to.line2,
        "payType": pay_type,
        # Exact digits: CJ might parse text differently, and a float would lose some.
        "shopAmount": msgspec.Raw(str(request.declared_value.rounded().amount).encode()),
        "logisticName": request.carrier_service,
        "fromCountryCode": request.country_from,
        "products": [
            {"vid": line.sku, "quantity": line.quantity, "storeLineItemId": line.reference}
            for line in request.lines
        ],
    }
    if request.ioss_number:
        # CJ expects the ten digits without their prefix.
        body |= {"iossType": OWN_IOSS, "iossNumber": request.ioss_number.removeprefix("IM")}
    too_long = [field for field, most in LONGEST.items() if len(body.get(field, "")) > most]
    if too_long:
        raise PermanentError(f"too long for the supplier: {', '.join(too_long)}", code="too_long")
    return body


# Freight quotes, orders and balance

log = logging.getLogger(__name__)

PAY_FROM_BALANCE, ONLY_CREATE = 2, 3
STILL_OURS_TO_STOP = frozenset({"CREATED", "IN_CART"})
# Without a status CJ lists canceled orders only.
MAY_STILL_SHIP = ("CREATED", "IN_CART", "UNPAID", "UNSHIPPED")
NEWEST = 200
DAYS = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?")


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
    options = tuple(option for route in routes if (option := _option(route)) is not None)
    if routes and not options:
        # CJ ships it, but how is unreadable: that is not the same as no service.
        raise PermanentError("no shipping service in the answer can be read", code="garbage")
    return options


def _option(route: Route) -> FreightOption | None:
    price = parsing.amount(route.total_postage_fee)
    if price is None:
        price = parsing.amount(route.logistic_price)
    days = DAYS.search(route.logistic_aging or "")
    if price is None or price < 0 or days is None:
        log.warning("a shipping service without price or time is skipped: %s", route)
        return None
    return FreightOption(
        name=route.logistic_name,
        price=Money(price, route.currency or CURRENCY),
        min_days=int(days[1]),
        max_days=int(days[2] or days[1]),
    )


def place(wire: Wire, request: PurchaseRequest, *, is_staged: bool) -> PurchaseState:
    """Create the order and pay it: by CJ at once, or step by step."""
    pay_type = ONLY_CREATE if is_staged else PAY_FROM_BALANCE
    body = order(request, pay_type=pay_type)
    placed = wire.post("shopping/order/createOrderV2", PlacedOrder, body)
    if placed.order_number not in {None, request.number}:
        # The answer is about another order: ours is lost, and must be looked up.
        raise TemporaryError(
            f"requested {request.number}, received {placed.order_number}",
            code="other_order",
            may_have_happened=True,
        )
    reason = _why_blocked(placed)
    if is_staged and not reason:
        refusal = payment.go_on(wire, payment.standing(placed))
        return _looked_up(wire, request.number, refusal)
    answer = ANSWERS.get(placed.order_status or "", Answer.RECEIVED)
    return PurchaseState(
        number=request.number,
        supplier_reference=parsing.text(placed.order_id),
        answer=Answer.RECEIVED if reason else answer,
        reason=reason,
        cost=order_status.cost(placed),
        freight=order_status.freight(placed),
        raw=msgspec.to_builtins(placed),
    )


def _why_blocked(placed: PlacedOrder) -> str:
    blocked = [
        f"{reason.code}: {reason.message}" for reason in placed.intercept_order_reasons or ()
    ]
    if placed.logistics_miss:
        blocked.append("the shipping service is missing")
    if not placed.order_id:
        blocked.append("the order has no supplier ID yet")
    return "; ".join(blocked)


def _looked_up(wire: Wire, number: str, refusal: str) -> PurchaseState:
    """Read an order that exists; ``refusal`` is why it is stuck.

    Raises: TemporaryError  it cannot be read now: look it up again
    """
    try:
        detail = order_status.one(wire, number)
    except OutsideError as error:
        error.may_have_happened = True
        raise
    if detail is None:
        raise TemporaryError(
            f"{number} was placed, but is not found", code="not_found", may_have_happened=True
        )
    return replace(order_status.state(wire, number, detail), reason=refusal)


def find(wire: Wire, number: str) -> PurchaseState | None:
    detail = _found(wire, number)
    return None if detail is None else order_status.state(wire, number, detail)


def resume(wire: Wire, number: str) -> PurchaseState | None:
    """Look up an order, and continue it where a lost answer interrupted it.

    Raises: OutsideError
    """
    detail = _found(wire, number)
    if detail is None or detail.order_status not in payment.UNFINISHED:
        return None if detail is None else order_status.state(wire, number, detail)
    refusal = payment.go_on(wire, payment.standing(detail))
    return _looked_up(wire, number, refusal)


def _found(wire: Wire, number: str) -> OrderDetail | None:
    """Read an order by our number; None proves that CJ does not have it.

    "Not found" may have the code of a bad parameter: then the lists of orders prove it.
    """
    try:
        return order_status.read(wire, number)
    except PermanentError as error:
        if error.code == NO_ORDER:
            return None
        if error.code != BAD_PARAMETER:
            raise
    for status in MAY_STILL_SHIP:
        page = wire.get("shopping/order/list", OrderPage, pageNum=1, pageSize=NEWEST, status=status)
        if any(row.order_num == number for row in page.rows or ()):
            raise TemporaryError(f"{number} is listed, but not found", code="not_found")
    return None


def cancel(wire: Wire, number: str, *, is_staged: bool) -> PurchaseState:
    """Delete an order that is not confirmed: CJ has no call to cancel a later one.

    An unpaid order expires by itself, if we are the one to pay it.
    """
    detail = _found(wire, number)
    if detail is None:
        # CJ cannot ship an order that it does not have. An earlier cancellation may have worked.
        return PurchaseState(
            number=number,
            supplier_reference="",
            answer=Answer.CANCELED,
            reason="the supplier does not have the order",
        )
    state = order_status.state(wire, number, detail)
    if state.answer is Answer.CANCELED:
        return state
    if detail.order_status == payment.UNPAID and is_staged:
        raise LeftUnpaidError(f"{number} awaits payment at the supplier")
    if detail.order_status in MAY_STILL_SHIP and detail.order_status not in STILL_OURS_TO_STOP:
        raise AskInPersonError(
            f"{number} is {detail.order_status}: contact the supplier to cancel it"
        )
    if detail.order_status not in STILL_OURS_TO_STOP:
        raise NotStoppableError(f"{number} is {detail.order_status}: it can no longer be canceled")
    wire.delete("shopping/order/deleteOrder", Any, orderId=state.supplier_reference)
    return PurchaseState(
        number=number,
        supplier_reference=state.supplier_reference,
        answer=Answer.CANCELED,
        reason="deleted before it was paid",
    )


def balance(wire: Wire) -> Money:
    """Return the balance that may be spent.

    Raises: PermanentError  it is no number
    """
    told = wire.patiently("shopping/pay/getBalance", AccountBalance)
    amount = parsing.amount(told.amount)
    if amount is None:
        raise PermanentError(f"{str(told.amount)[:40]!r} is not a balance", code="garbage")
    return Money(amount, CURRENCY)
