"""onX actions: place, change and cancel orders, add parcels, open returns.

Each is safe to repeat: an order is found by its ``externalId``, a parcel by its tracking number, a
return by its ``externalId``; a canceled quantity is that of the line, not one more.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.crypto import salted_hmac
from msgspec import UNSET, structs

from orders.address_changes import change_requests, corrections
from orders.cancellation.items import Outcome
from orders.models import Order, OrderLine, PurchaseOrder, ReturnAuthorization
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.purchasing import tasks as purchasing_tasks
from orders.returns import requests
from orders.returns.requests import ReturnRequest
from storefront.api.core import idempotency, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import AddressFields, valid_values
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.views import find_row, require_identity, sales_channel
from storefront.api.merchant.orders.new_orders import NewMerchantOrderSerializer, find_or_place
from storefront.api.merchant.orders.order_changes import OrderCancellationSerializer, cancel_order
from storefront.api.merchant.orders.order_serializers import MerchantOrderSerializer
from storefront.api.merchant.orders.orders import order_rows
from storefront.api.merchant.orders.parcels import MerchantParcelSerializer
from storefront.api.merchant.orders.purchase_orders import (
    NewParcelSerializer,
    add_parcel,
    purchase_order_rows,
)
from storefront.api.merchant.orders.returns import MerchantReturnSerializer, return_rows
from storefront.api.merchant.orders.shared import MAX_REASON
from storefront.api.onx import errors, schemas, shapes
from storefront.api.onx.queries import Result, shown, tenant_of
from storefront.api.resources.checkout import open_pay_url
from storefront.lib.address import Address
from storefront.lib.tasks import enqueue

Kind = ReturnAuthorization.Kind
MAX_REFERENCE = 60
REASON = "Requested over onX"
ADDRESS_REASON = "address_reason"  # the custom field of an order
LINES = frozenset({"lines"})
KINDS = {
    "defective": Kind.DEFECT,
    "quality_issue": Kind.DEFECT,
    "no_longer_needed": Kind.WITHDRAWAL,
    "size_issue": Kind.WITHDRAWAL,
} | {kind.value: kind for kind in Kind}


def create_sales_order(view: MerchantEndpoint, wanted: schemas.CreateSalesOrder) -> Result:
    """Place an order at our prices, which is shipped once it is paid by its link."""
    require_identity()
    order, channel = wanted.order, sales_channel(view.request)
    reference = shapes.text(order.external_id)
    if not reference:
        raise errors.missing("order.externalId")
    if len(reference) > MAX_REFERENCE:
        raise errors.invalid("order.externalId", f"Send at most {MAX_REFERENCE} characters.")
    values = valid_values(NewMerchantOrderSerializer, _new_order(order, channel))
    # The name of a key outlives its rotation; another client's order has another token.
    secret = f"{view.client.key.name}\0{channel.code}\0{reference}"
    token = salted_hmac("storefront.api.onx", secret, algorithm="sha256").hexdigest()[:40]
    with idempotency.locked(f"onx {channel.code} {reference}"):
        known = Order.objects.filter(channel=channel, external_reference=reference)
        earlier = known.select_related("cart").first()
        if earlier is not None and not _is_same(earlier, token, values["lines"]):
            raise errors.refused(
                "DUPLICATE_EXTERNAL_ID",
                "Another order has this externalId.",
                field="order.externalId",
            )
        placed, first = find_or_place(values, token=token, endpoint=view, reference=reference)
        pay_url = open_pay_url(placed, first)
    return _shown_order(view, placed.number, {"paymentUrl": pay_url or ""})


def update_order(view: MerchantEndpoint, wanted: schemas.UpdateOrder) -> Result:
    """Change the delivery address; suppliers that have the order are asked."""
    address = wanted.updates.shipping_address
    given = {name for name, value in structs.asdict(wanted.updates).items() if value is not UNSET}
    if unsupported := sorted(given - {"shipping_address", "tenant_id"}):
        field = f"updates.{schemas.member_name(unsupported[0])}"
        message = "Only shippingAddress can change. Cancel the order and place a new one."
        raise errors.not_implemented(field, message)
    if address is UNSET:
        raise errors.missing("updates.shippingAddress")
    order = _find_order(wanted.id)
    values = valid_values(AddressFields, shapes.to_address(address))
    try:
        result = change_requests.change_address(
            order=order,
            ship_to=Address(**values),
            reason=REASON,
            actor=view.client.actor,
            now=view.now,
        )
    except corrections.InvalidNewAddressError as error:
        raise errors.invalid("updates.shippingAddress", str(error)) from error
    except corrections.AddressLockedError as error:
        raise ProblemError(problem_types.INVALID_STATUS, reason=str(error)) from error
    enqueue(purchasing_tasks.sweep_due_submissions)
    is_open = result is not None and (result.requested or result.late)
    return _shown_order(view, order.number, {"addressChange": "requested" if is_open else "done"})


def cancel(view: MerchantEndpoint, wanted: schemas.CancelOrder) -> Result:
    """Cancel an order, or units of its lines; suppliers that have them are asked."""
    order = _find_order(wanted.order_id)
    if order.status == Order.Status.CANCELED:
        return _shown_order(view, order.number, {})
    reason = ": ".join(filter(None, (shapes.text(wanted.reason), shapes.text(wanted.notes))))
    body: dict[str, Any] = {"reason": (reason or REASON)[:MAX_REASON]}
    if wanted.line_items is not UNSET:
        body["lines"] = _lines_to_keep(list(order.lines.order_by("pk")), wanted.line_items)
        if not body["lines"]:
            return _shown_order(view, order.number, {})
    values = valid_values(OrderCancellationSerializer, body)
    outcomes = cancel_order(order, values, actor=view.client.actor, now=view.now)
    refused = outcomes & {Outcome.LATE, Outcome.TOGETHER}
    if refused == outcomes != set():
        raise ProblemError(problem_types.TOO_LATE_TO_CANCEL, outcomes=sorted(refused))
    return _shown_order(view, order.number, {"cancellation": ", ".join(sorted(outcomes))})


def fulfill_order(view: MerchantEndpoint, wanted: schemas.FulfillOrder) -> Result:
    """Add one parcel to the purchase order that has its items, as the supplier's own report."""
    if len(wanted.tracking_numbers) != 1:
        raise errors.invalid("trackingNumbers", "Send one number: one call adds one parcel.")
    if wanted.shipping_carrier is UNSET:
        raise errors.missing("shippingCarrier")
    order = _find_order(wanted.order_id)
    rows = purchase_order_rows().filter(order=order)
    open_rows = rows.exclude(status=PurchaseOrder.Status.CANCELED).order_by("pk")
    row, units = _find_purchase_order(list(open_rows), wanted.line_items)
    body = {
        "carrier": wanted.shipping_carrier,
        "tracking_number": wanted.tracking_numbers[0],
        **({"lines": units} if units else {}),
    }
    parcel = add_parcel(row, valid_values(NewParcelSerializer, body), now=view.now)
    (fulfillment,) = shown(view, MerchantParcelSerializer, [parcel])
    return {"fulfillment": shapes.fulfillment(fulfillment, tenant=tenant_of(view))}


def create_return(view: MerchantEndpoint, wanted: schemas.CreateReturn) -> Result:
    """Open a return for the customer. Items of several purchase orders become several returns."""
    made = wanted.wanted
    reference = shapes.text(made.external_id)
    if not reference:
        raise errors.missing("return.externalId")
    if made.outcome != "refund" or made.exchange_line_items:
        message = "The outcome is refund. Place a new order for other items."
        raise errors.not_implemented("return.outcome", message)
    reasons = {line.return_reason for line in made.return_line_items}
    if len(reasons) != 1 or (reason := reasons.pop()) not in KINDS:
        message = f"Send one reason for all lines, one of: {', '.join(sorted(KINDS))}."
        raise errors.invalid("return.returnLineItems[0].returnReason", message)
    order = _find_order(made.order_id)
    request = ReturnRequest(
        key=hashlib.sha256(f"onx {view.client.key.name} {reference}".encode()).hexdigest()[:40],
        kind=KINDS[reason],
        units=_returned_units(order, made.return_line_items),
        customer_message=shapes.text(made.customer_note)[:MAX_MESSAGE_LENGTH],
    )
    opened = requests.submit(order=order, request=request, actor=view.client.actor, now=view.now)
    rows = return_rows().filter(pk__in=[row.pk for row in opened]).order_by("pk")
    tenant = tenant_of(view)
    returns = [
        shapes.return_(row, tenant=tenant) for row in shown(view, MerchantReturnSerializer, rows)
    ]
    return {"return": returns[0], **({"returns": returns} if len(returns) > 1 else {})}


def _new_order(order: schemas.NewOrder, channel: Any) -> dict[str, Any]:
    """Return the members of ``NewMerchantOrderSerializer``. Raises OnxError."""
    if order.shipping_address is UNSET:
        raise errors.missing("order.shippingAddress")
    currency = shapes.text(order.currency) or channel.currency
    if currency != channel.currency:
        raise errors.invalid("order.currency", f"Orders are in {channel.currency}.")
    payers = (order.customer, order.billing_address, order.shipping_address)
    emails = [payer.email for payer in payers if payer is not UNSET and payer.email is not UNSET]
    if not emails:
        raise errors.missing("order.customer.email")
    total = order.total_price
    fields = [] if order.custom_fields is UNSET else order.custom_fields
    reasons = [field.value for field in fields if field.name == ADDRESS_REASON]
    return {
        "channel": channel.code,
        "email": emails[0],
        "ship_to": shapes.to_address(order.shipping_address),
        "lines": [
            {"sku": line.sku, "quantity": _whole(line.quantity, f"order.lineItems[{at}].quantity")}
            for at, line in enumerate(order.line_items)
        ],
        "delivery": shapes.text(order.shipping_code),
        "address_reason": "".join(reasons[:1]),
        **({} if total is UNSET else {"total": {"amount": f"{total:.2f}", "currency": currency}}),
    }


def _is_same(order: Order, token: str, lines: Iterable[dict[str, Any]]) -> bool:
    """Return whether an order is this client's own, with the same units."""
    wanted: Counter[str] = Counter()
    for line in lines:
        wanted[line["sku"]] += line["quantity"]
    placed: Counter[str] = Counter()
    for sku, quantity in order.lines.values_list("sku", "quantity"):
        placed[sku] += quantity
    return order.cart.token == token and wanted == placed


def _find_order(number: str) -> Order:
    try:
        return find_row(Order.objects.all(), number=number)
    except ProblemError as error:
        message = f"There is no order {number[:40]}."
        raise errors.refused("ORDER_NOT_FOUND", message) from error


def _shown_order(view: MerchantEndpoint, number: str, more: dict[str, str]) -> Result:
    (row,) = shown(view, MerchantOrderSerializer, order_rows(LINES).filter(number=number), LINES)
    return {"order": shapes.order(row, tenant=tenant_of(view), more=more)}


def _lines_to_keep(
    lines: Sequence[OrderLine], wanted: Iterable[schemas.CanceledLineItem]
) -> list[dict[str, int]]:
    """Return how many units of each line to keep; nothing if as many are canceled already.

    Units are counted by SKU, because sources and cancellations divide a line into several.
    """
    kept = []
    canceled: Counter[str] = Counter()
    for at, item in enumerate(wanted):
        own = [line for line in lines if line.sku == item.sku]
        canceled[item.sku] += _whole(item.quantity, f"lineItems[{at}].quantity")
        is_known = item.id is UNSET or item.id in {str(line.pk) for line in own}
        if not is_known or canceled[item.sku] > sum(line.quantity for line in own):
            raise errors.invalid(f"lineItems[{at}]", "The order has no such line, or fewer units.")
    for line in lines:
        canceled[line.sku] -= line.canceled_quantity
    for line in lines:
        units_left = line.quantity - line.canceled_quantity
        if (less := min(units_left, canceled[line.sku])) > 0:
            kept.append({"line_id": line.pk, "keep_quantity": units_left - less})
            canceled[line.sku] -= less
    return kept


def _find_purchase_order(
    rows: Sequence[PurchaseOrder], wanted: Sequence[schemas.LineItem]
) -> tuple[PurchaseOrder, list[dict[str, int]]]:
    """Return the purchase order that has all items, and their units by line. Raises OnxError."""
    for row in rows:
        units: dict[int, int] = {}
        is_complete = bool(wanted) or len(rows) == 1
        for at, item in enumerate(wanted):
            left = _whole(item.quantity, f"lineItems[{at}].quantity")
            for line in row.lines.all():
                pk = line.order_line_id
                if line.is_active and line.sku == item.sku and left and pk not in units:
                    units[pk] = min(left, line.quantity)
                    left -= units[pk]
            is_complete = is_complete and not left
        if is_complete:
            return row, [{"line_id": pk, "quantity": count} for pk, count in units.items()]
    message = "No purchase order has exactly these items. Send one call for each parcel."
    raise errors.invalid("lineItems", message)


def _returned_units(order: Order, wanted: Iterable[schemas.ReturnLineItem]) -> dict[int, int]:
    skus = {str(pk): sku for pk, sku in order.lines.values_list("pk", "sku")}
    units: Counter[int] = Counter()
    for at, line in enumerate(wanted):
        field = f"return.returnLineItems[{at}]"
        if skus.get(line.order_line_item_id) != line.sku:
            raise errors.invalid(field, "The order has no line with this id and SKU.")
        units[int(line.order_line_item_id)] += _whole(
            line.quantity_returned, f"{field}.quantityReturned"
        )
    return dict(units)


def _whole(quantity: float, field: str) -> int:
    if quantity != int(quantity):
        raise errors.invalid(field, "Send a whole number.")
    return int(quantity)
