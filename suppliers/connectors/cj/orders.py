"""CJ orders: quote freight, place, find, resume and cancel purchase orders, read the balance."""

import logging
import re
from dataclasses import replace
from typing import Any

import msgspec
from babel import Locale

from storefront.lib.address import Address
from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj import order_status, payment
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.error_codes import ACKNOWLEDGEMENTS, BAD_PARAMETER, ORDER_NOT_FOUND
from suppliers.connectors.cj.product_details import CURRENCY
from suppliers.connectors.cj.schemas import (
    AccountBalance,
    OrderDetail,
    OrderPage,
    PlacedOrder,
    Route,
)
from suppliers.connectors.records import (
    Acknowledgement,
    FreightOption,
    ManualCancellationError,
    NotCancellableError,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    UnpaidOrderError,
)

# Body of an order

MAX_LENGTHS = {
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
OWN_IOSS_TYPE = 2
COUNTRY_NAMES = Locale("en").territories


def order_body(request: PurchaseOrderRequest, *, pay_type: int) -> dict[str, Any]:
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
        body |= {"iossType": OWN_IOSS_TYPE, "iossNumber": request.ioss_number.removeprefix("IM")}
    too_long = [
        field for field, max_length in MAX_LENGTHS.items() if len(body.get(field, "")) > max_length
    ]
    if too_long:
        raise PermanentError(f"too long for the supplier: {', '.join(too_long)}", code="too_long")
    return body


# Freight quotes, orders and balance

log = logging.getLogger(__name__)

PAY_FROM_BALANCE, CREATE_ONLY = 2, 3
CANCELLABLE_STATUSES = frozenset({"CREATED", "IN_CART"})
# Without a status, CJ lists only canceled orders.
OPEN_STATUSES = ("CREATED", "IN_CART", "UNPAID", "UNSHIPPED")
ORDERS_SEARCHED = 200
DAYS = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?")


def freight(
    api: ApiClient,
    *,
    country_from: str,
    ship_to: Address,
    lines: tuple[PurchaseOrderRequestLine, ...],
) -> tuple[FreightOption, ...]:
    routes = api.post(
        "logistic/freightCalculate",
        list[Route],
        {
            "startCountryCode": country_from,
            "endCountryCode": ship_to.country,
            "zip": ship_to.postcode,
            "products": [{"vid": line.sku, "quantity": line.quantity} for line in lines],
        },
    )
    options = tuple(option for route in routes if (option := _to_option(route)) is not None)
    if routes and not options:
        # Unreadable shipping services must not look like none: CJ can ship the parcel.
        raise PermanentError("no shipping service in the answer can be read", code="garbage")
    return options


def _to_option(route: Route) -> FreightOption | None:
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


def place(api: ApiClient, request: PurchaseOrderRequest, *, is_staged: bool) -> PurchaseOrderReport:
    """Create the order and pay it: by CJ at once, or step by step."""
    pay_type = CREATE_ONLY if is_staged else PAY_FROM_BALANCE
    body = order_body(request, pay_type=pay_type)
    placed = api.post("shopping/order/createOrderV2", PlacedOrder, body)
    if placed.order_number not in {None, request.number}:
        # The answer is about another order: ours is lost, and must be looked up.
        raise TemporaryError(
            f"requested {request.number}, received {placed.order_number}",
            code="other_order",
            is_outcome_unknown=True,
        )
    reason = _hold_reason(placed)
    if is_staged and not reason:
        refusal = payment.continue_payment(api, payment.progress_of(placed))
        return _read_existing(api, request.number, refusal)
    answer = ACKNOWLEDGEMENTS.get(placed.order_status or "", Acknowledgement.RECEIVED)
    return PurchaseOrderReport(
        number=request.number,
        supplier_reference=parsing.text(placed.order_id),
        answer=Acknowledgement.RECEIVED if reason else answer,
        reason=reason,
        cost=order_status.cost(placed),
        freight=order_status.freight(placed),
        raw=msgspec.to_builtins(placed),
    )


def _hold_reason(placed: PlacedOrder) -> str:
    reasons = [
        f"{reason.code}: {reason.message}" for reason in placed.intercept_order_reasons or ()
    ]
    if placed.logistics_miss:
        reasons.append("the shipping service is missing")
    if not placed.order_id:
        reasons.append("the order has no supplier ID yet")
    return "; ".join(reasons)


def _read_existing(api: ApiClient, number: str, refusal: str) -> PurchaseOrderReport:
    """Read an order that exists; ``refusal`` is why it is stuck.

    Raises: TemporaryError  it cannot be read now: look it up again
    """
    try:
        detail = order_status.find_order(api, number)
    except ExternalServiceError as error:
        error.is_outcome_unknown = True
        raise
    if detail is None:
        raise TemporaryError(
            f"{number} was placed, but is not found", code="not_found", is_outcome_unknown=True
        )
    return replace(order_status.report_of(api, number, detail), reason=refusal)


def find(api: ApiClient, number: str) -> PurchaseOrderReport | None:
    detail = _find_order(api, number)
    return None if detail is None else order_status.report_of(api, number, detail)


def resume(api: ApiClient, number: str) -> PurchaseOrderReport | None:
    """Look up an order, and continue it where a lost answer interrupted it.

    Raises: ExternalServiceError
    """
    detail = _find_order(api, number)
    if detail is None or detail.order_status not in payment.UNFINISHED:
        return None if detail is None else order_status.report_of(api, number, detail)
    refusal = payment.continue_payment(api, payment.progress_of(detail))
    return _read_existing(api, number, refusal)


def _find_order(api: ApiClient, number: str) -> OrderDetail | None:
    """Read an order by our number; None proves that CJ does not have it."""
    try:
        return order_status.read_order(api, number)
    except PermanentError as error:
        if error.code == ORDER_NOT_FOUND:
            return None
        if error.code != BAD_PARAMETER:
            raise
    for status in OPEN_STATUSES:
        page = api.get(
            "shopping/order/list", OrderPage, pageNum=1, pageSize=ORDERS_SEARCHED, status=status
        )
        if any(row.order_num == number for row in page.rows or ()):
            raise TemporaryError(f"{number} is listed, but not found", code="not_found")
    return None


def cancel(api: ApiClient, number: str, *, is_staged: bool) -> PurchaseOrderReport:
    """Delete an order that has not left the cart: CJ has no call to cancel it later.

    An unpaid order that we pay step by step expires by itself.
    """
    detail = _find_order(api, number)
    if detail is None:
        # CJ cannot ship an order that it does not have. An earlier cancellation may have worked.
        return PurchaseOrderReport(
            number=number,
            supplier_reference="",
            answer=Acknowledgement.CANCELED,
            reason="the supplier does not have the order",
        )
    state = order_status.report_of(api, number, detail)
    if state.answer is Acknowledgement.CANCELED:
        return state
    if detail.order_status == payment.UNPAID and is_staged:
        raise UnpaidOrderError(f"{number} awaits payment at the supplier")
    if detail.order_status in OPEN_STATUSES and detail.order_status not in CANCELLABLE_STATUSES:
        raise ManualCancellationError(
            f"{number} is {detail.order_status}: contact the supplier to cancel it"
        )
    if detail.order_status not in CANCELLABLE_STATUSES:
        raise NotCancellableError(
            f"{number} is {detail.order_status}: it can no longer be canceled"
        )
    api.delete("shopping/order/deleteOrder", Any, orderId=state.supplier_reference)
    return PurchaseOrderReport(
        number=number,
        supplier_reference=state.supplier_reference,
        answer=Acknowledgement.CANCELED,
        reason="deleted before it was paid",
    )


def balance(api: ApiClient) -> Money:
    """Return the balance that may be spent. Raises PermanentError: it is no number."""
    answer = api.get_with_retries("shopping/pay/getBalance", AccountBalance)
    amount = parsing.amount(answer.amount)
    if amount is None:
        raise PermanentError(f"{str(answer.amount)[:40]!r} is not a balance", code="garbage")
    return Money(amount, CURRENCY)
