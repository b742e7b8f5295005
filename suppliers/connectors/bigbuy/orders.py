"""BigBuy orders: find, track, validate and place purchase orders.

Each order is validated before it is placed, and is placed exactly once.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import batched
from typing import Any
from urllib.parse import quote

import msgspec

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy.client import ApiClient
from suppliers.connectors.bigbuy.options import CURRENCY, Options
from suppliers.connectors.bigbuy.schemas import (
    Carrier,
    Order,
    OrderId,
    OrderTotals,
    Parcel,
    TrackedOrder,
)
from suppliers.connectors.records import (
    Acknowledgement,
    OrderReference,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    ShipmentNotice,
)

NOT_FOUND, OTHER_ORDER = "404", "other_order"
ORDERS_PER_TRACKING_CALL = 50

log = logging.getLogger(__name__)


def find(api: ApiClient, options: Options, number: str) -> PurchaseOrderReport | None:
    """Look up an order by our number; None proves that it does not exist.

    Raises: TemporaryError  no answer, which proves nothing
    """
    key = _find_id(api, number)
    if key is None:
        return None
    (report,) = _reports(api, options, [_order(api, key, number)])
    return report


def _find_id(api: ApiClient, number: str) -> str | None:
    try:
        answer = api.get(f"order/reference/{quote(number, safe='')}", OrderId)
    except PermanentError as error:
        if error.code == NOT_FOUND:
            return None
        raise
    return str(answer.id)


def _order(api: ApiClient, key: str, number: str) -> Order:
    """Read one order. Raises TemporaryError: the answer is about another order."""
    order = api.get(f"order/{quote(key, safe='')}", Order)
    if order.internal_reference != number or str(order.id) != key:
        raise TemporaryError(
            f"requested {number}, received {order.internal_reference}", code=OTHER_ORDER
        )
    return order


def _parcels_by_order(api: ApiClient, ids: Sequence[str]) -> dict[str, list[Parcel]]:
    """Return the parcels of many orders, by order id. BigBuy may leave orders out."""
    parcels: dict[str, list[Parcel]] = {}
    for batch in batched(ids, ORDERS_PER_TRACKING_CALL):
        requested = [{"id": int(key) if key.isdecimal() else key} for key in batch]
        body = {"track": {"orders": requested}}
        for row in api.query("tracking/orders", list[TrackedOrder], body):
            if str(row.id) in batch:
                parcels[str(row.id)] = [
                    parcel for parcel in row.trackings or () if parcel.tracking_number
                ]
    return parcels


def _carriers(api: ApiClient) -> dict[str, str]:
    return {str(row.id): row.name for row in api.get("tracking/carriers", list[Carrier])}


def _reports(
    api: ApiClient, options: Options, orders: Sequence[Order]
) -> Iterator[PurchaseOrderReport]:
    tracked = _parcels_by_order(api, [str(order.id) for order in orders])
    carriers = _carriers(api) if any(tracked.values()) else {}
    for order in orders:
        name = parsing.text(order.status)
        known = options.answer(name)
        yield PurchaseOrderReport(
            number=order.internal_reference,
            supplier_reference=str(order.id),
            answer=known or Acknowledgement.ACCEPTED,
            reason="" if known else f"order_statuses does not map the status {name!r}",
            cost=_cost(order),
            parcels=tuple(_parcel(parcel, carriers) for parcel in tracked.get(str(order.id), ())),
            raw={"order": msgspec.to_builtins(order)},
        )


def _cost(order: Order) -> Money | None:
    lines = order.products or ()
    if not lines or any(line.price_tax_excl is None for line in lines):
        return None
    prices = (Money(line.price_tax_excl or Decimal(0), CURRENCY) * line.quantity for line in lines)
    return Money.total(prices, CURRENCY)


def _parcel(parcel: Parcel, carriers: Mapping[str, str]) -> ShipmentNotice:
    """Return one parcel; BigBuy does not report its content."""
    stated = parcel.carrier
    name = (stated.name or carriers.get(str(stated.id), "")) if stated else ""
    return ShipmentNotice(
        carrier=name,
        number=parsing.text(parcel.tracking_number),
        carrier_text=parsing.text(parcel.status_description),
        happened_at=parsing.timestamp(parcel.status_date),
    )


def track(
    api: ApiClient, options: Options, orders: Sequence[OrderReference]
) -> Iterator[PurchaseOrderReport]:
    """Read many orders: one call per order, then one call per fifty orders for their parcels.

    Orders are read before parcels. Otherwise an order that ships in between could be reported as
    delivered without its tracking number, and would not be read again. Orders that BigBuy does not
    find, or confuses with another, are skipped. If a call fails, the orders read so far are yielded
    before the error is raised.
    """
    read: list[Order] = []
    failure: ExternalServiceError | None = None
    for reference in orders:
        if not reference.supplier_reference:
            continue
        try:
            read.append(_order(api, reference.supplier_reference, reference.number))
        except ExternalServiceError as error:
            if error.code not in {NOT_FOUND, OTHER_ORDER}:
                failure = error
                break
            log.info("an order is skipped: %s", error)
    yield from _reports(api, options, read)
    if failure is not None:
        raise failure


# Validation and placement

MAX_ADDRESS_LENGTH = 70


def validate(api: ApiClient, options: Options, request: PurchaseOrderRequest) -> Money | None:
    """Return the cost of the items, if the order would be accepted."""
    totals = api.query("order/check", OrderTotals, _order_body(options, request))
    item_cost = totals.total_without_taxes_and_without_shipping_cost
    return Money(item_cost, CURRENCY) if item_cost else None


def place(api: ApiClient, options: Options, request: PurchaseOrderRequest) -> PurchaseOrderReport:
    """Validate the order, then create it: creation commits items and money.

    Raises: SeveralWarehousesError  the items moved to several warehouses: nothing was created
    """
    cost = validate(api, options, request)
    reference = api.create("order/create", _order_body(options, request))
    return PurchaseOrderReport(
        number=request.number,
        supplier_reference=reference,
        answer=Acknowledgement.ACCEPTED,
        cost=cost,
        raw={"id": reference},
    )


def _order_body(options: Options, request: PurchaseOrderRequest) -> dict[str, Any]:
    to = request.ship_to
    address = f"{to.line1}, {to.line2}" if to.line2 else to.line1
    if len(address) > MAX_ADDRESS_LENGTH:
        raise PermanentError(
            f"the street is longer than {MAX_ADDRESS_LENGTH} characters", code="too_long"
        )
    if not options.email:
        raise PermanentError(
            "the connection's options contain no e-mail address of ours", code="bad_options"
        )
    carriers: Sequence[str] = (
        [request.carrier_service] if request.carrier_service else options.carriers
    )
    first, _, last = to.name.strip().rpartition(" ")
    return {
        "order": {
            "internalReference": request.number,
            "language": options.language,
            "paymentMethod": options.payment_method,
            "carriers": [{"name": name} for name in carriers],
            "shippingAddress": {
                "firstName": first or last,
                "lastName": last if first else "-",  # it is required
                "country": to.country,
                "postcode": to.postcode,
                "town": to.city,
                "address": address,
                "phone": to.phone or options.phone,
                "email": options.email,
                "comment": "",
            },
            "products": [
                {"reference": line.sku, "quantity": line.quantity} for line in request.lines
            ],
        }
    }
