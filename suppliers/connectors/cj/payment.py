"""CJ payment: take an order from creation to payment, step by step, no step twice.

CJ stores the step that an order has reached. After a lost answer we read it before anything else is
sent. CJ accepts each step of an order once. If a second worker repeats a step, CJ refuses it, and
the worker reads the order again.
"""

from dataclasses import dataclass
from typing import Any

from storefront.lib.http.errors import ExternalServiceError, PermanentError
from suppliers.connectors import parsing
from suppliers.connectors.cj import order_status
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.schemas import CartAnswer, OrderDetail, ParentOrder, PlacedOrder

CREATED, IN_CART, UNPAID = "CREATED", "IN_CART", "UNPAID"
UNFINISHED = frozenset({CREATED, IN_CART, UNPAID})
# Before each attempt another worker may do one of the four steps, so the fifth attempt is the last.
MAX_LOOKUPS = 5


@dataclass(slots=True, kw_only=True)
class PaymentProgress:
    order_id: str
    status: str
    shipment_id: str


def progress_of(order: PlacedOrder | OrderDetail) -> PaymentProgress:
    return PaymentProgress(
        order_id=parsing.text(order.order_id),
        status=order.order_status or CREATED,
        shipment_id=parsing.text(order.shipment_order_id),
    )


def continue_payment(api: ApiClient, progress: PaymentProgress) -> str:
    """Do the remaining steps; return why the order is stuck, empty when it is paid.

    Raises: ExternalServiceError  an answer is lost, and the order exists: look it up
    """
    try:
        for _ in range(MAX_LOOKUPS):
            if not (refusal := _steps(api, progress)):
                return ""
            detail = order_status.find_order(api, progress.order_id)
            if detail is None or detail.order_status == progress.status:
                return refusal
            progress = progress_of(detail)
            if progress.status not in UNFINISHED:
                return ""
    except ExternalServiceError as error:
        error.is_outcome_unknown = True
        raise
    return refusal


def _steps(api: ApiClient, progress: PaymentProgress) -> str:
    try:
        if progress.status == CREATED:
            _move(api, "shopping/order/addCart", progress)
            progress.status = IN_CART
        if progress.status == IN_CART or not progress.shipment_id:
            confirmed = _move(api, "shopping/order/addCartConfirm", progress)
            progress.shipment_id = parsing.text(confirmed.shipments_id) or progress.shipment_id
            progress.status = UNPAID
        _pay(api, progress)
    except PermanentError as error:
        if error.is_outcome_unknown:
            raise
        return str(error)
    return ""


def _move(api: ApiClient, path: str, progress: PaymentProgress) -> CartAnswer:
    """Move the order into the cart, or from the cart to payment.

    Raises: PermanentError  CJ holds the order
    """
    answer = api.post(path, CartAnswer, {"cjOrderIdList": [progress.order_id]})
    holds = [_hold_text(hold) for hold in answer.intercept_orders or ()]
    if holds or parsing.integer(answer.success_count) == 0:
        raise PermanentError("; ".join(holds) or "on hold at the supplier", code="intercepted")
    return answer


def _hold_text(hold: Any) -> str:
    if isinstance(hold, dict):
        return f"{hold.get('code')}: {hold.get('message') or hold.get('reason') or 'on hold'}"
    return "on hold at the supplier"


def _pay(api: ApiClient, progress: PaymentProgress) -> None:
    shipment = {"shipmentOrderId": progress.shipment_id}
    parent = api.post("shopping/order/saveGenerateParentOrder", ParentOrder, shipment)
    if not (pay_id := parsing.text(parent.pay_id)):
        raise PermanentError("the supplier returned no payment", code="no_pay_id")
    api.post("shopping/pay/payBalanceV2", Any, {**shipment, "payId": pay_id})
