"""BigBuy orders: find, track, validate and place purchase orders.

Each order is validated before it is placed, and is placed exactly once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import batched
from typing import Any
from urllib.parse import quote

import msgspec

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy.client import Wire
from suppliers.connectors.bigbuy.options import CURRENCY, Options
from suppliers.connectors.bigbuy.schemas import Carrier, Named, Order, Parcel, Totals, Tracked
from suppliers.connectors.records import (
    Answer,
    OrderName,
    ParcelNews,
    PurchaseRequest,
    PurchaseState,
)

ABSENT, OTHER = "404", "other_order"
ORDERS_AT_ONCE = 50

log = logging.getLogger(__name__)


def find(wire: Wire, options: Options, number: str) -> PurchaseState | None:
    """Look up an order by our number; None proves that it does not exist.

    Raises: TemporaryError  no answer, which proves nothing
    """
    key = _named(wire, number)
    if key is None:
        return None
    order = _order(wire, key, number)
    tracked = _tracked(wire, [key])
    carriers = _carriers(wire) if any(tracked.values()) else {}
    return _told(options, order, tracked=tracked, carriers=carriers)


def _named(wire: Wire, number: str) -> str | None:
    try:
        answer = wire.get(f"order/reference/{quote(number, safe='')}", Named)
    except PermanentError as error:
        if error.code == ABSENT:
            return None
        raise
    return str(answer.id)


def _order(wire: Wire, key: str, number: str) -> Order:
    """Read one order.

    Raises: TemporaryError  the answer is about another order
    """
    order = wire.get(f"order/{quote(key, safe='')}", Order)
    if order.internal_reference != number or str(order.id) != key:
        raise TemporaryError(f"requested {number}, received {order.internal_reference}", code=OTHER)
    return order


def _tracked(wire: Wire, ids: Sequence[str]) -> dict[str, list[Parcel]]:
    """Return the parcels of many orders, by order id. BigBuy may leave orders out."""
    found: dict[str, list[Parcel]] = {}
    for batch in batched(ids, ORDERS_AT_ONCE):
        asked = [{"id": int(key) if key.isdecimal() else key} for key in batch]
        body = {"track": {"orders": asked}}
        for row in wire.ask("tracking/orders", list[Tracked], body):
            if str(row.id) in batch:
                found[str(row.id)] = [each for each in row.trackings or () if each.tracking_number]
    return found


def _carriers(wire: Wire) -> dict[str, str]:
    return {str(row.id): row.name for row in wire.get("tracking/carriers", list[Carrier])}


def _told(
    options: Options,
    order: Order,
    *,
    tracked: Mapping[str, list[Parcel]],
    carriers: Mapping[str, str],
) -> PurchaseState:
    name = parsing.text(order.status)
    known = options.answer(name)
    reason = "" if known else f"order_statuses does not map the status {name!r}"
    return PurchaseState(
        number=order.internal_reference,
        supplier_reference=str(order.id),
        answer=known or Answer.ACCEPTED,
        reason=reason,
        cost=_cost(order),
        parcels=tuple(_parcel(each, carriers) for each in tracked.get(str(order.id), ())),
        raw={"order": msgspec.to_builtins(order)},
    )


def _cost(order: Order) -> Money | None:
    lines = order.products or ()
    if not lines or any(line.price_tax_excl is None for line in lines):
        return None
    prices = (Money(line.price_tax_excl or Decimal(0), CURRENCY) * line.quantity for line in lines)
    return Money.total(prices, CURRENCY)


def _parcel(parcel: Parcel, carriers: Mapping[str, str]) -> ParcelNews:
    """Return one parcel; BigBuy does not report its content."""
    said = parcel.carrier
    name = (said.name or carriers.get(str(said.id), "")) if said else ""
    return ParcelNews(
        carrier=name,
        number=parsing.text(parcel.tracking_number),
        carrier_text=parsing.text(parcel.status_description),
        happened_at=parsing.moment(parcel.status_date),
    )


def track(wire: Wire, options: Options, orders: Sequence[OrderName]) -> Iterator[PurchaseState]:
    """Read many orders: one call each, then one call for the parcels of fifty.

    An order is read before its parcels: otherwise one that ships in between would be delivered
    without a tracking number, and is not read again. Missing orders and those of others are
    skipped. If a call fails, the orders read before it are returned first.
    """
    read: list[Order] = []
    failure: OutsideError | None = None
    for name in orders:
        if not name.supplier_reference:
            continue
        try:
            read.append(_order(wire, name.supplier_reference, name.number))
        except OutsideError as error:
            if error.code not in {ABSENT, OTHER}:
                failure = error
                break
            log.info("an order is skipped: %s", error)
    tracked = _tracked(wire, [str(order.id) for order in read])
    carriers: dict[str, str] = _carriers(wire) if any(tracked.values()) else {}
    for order in read:
        yield _told(options, order, tracked=tracked, carriers=carriers)
    if failure is not None:
        raise failure


# Validation and placement

LONGEST_ADDRESS = 70


def validate(wire: Wire, options: Options, request: PurchaseRequest) -> Money | None:
    """Return the cost of the items, if the order would be accepted."""
    totals = wire.ask("order/check", Totals, _worded(options, request))
    goods = totals.total_without_taxes_and_without_shipping_cost
    return Money(goods, CURRENCY) if goods else None


def place(wire: Wire, options: Options, request: PurchaseRequest) -> PurchaseState:
    """Validate the order, then create it: creation commits items and money.

    Raises: SeveralWarehousesError  the items moved to several warehouses: nothing was created
    """
    cost = validate(wire, options, request)
    reference = wire.created("order/create", _worded(options, request))
    return PurchaseState(
        number=request.number,
        supplier_reference=reference,
        answer=Answer.ACCEPTED,
        cost=cost,
        raw={"id": reference},
    )


def _worded(options: Options, request: PurchaseRequest) -> dict[str, Any]:
    to = request.ship_to
    address = f"{to.line1}, {to.line2}" if to.line2 else to.line1
    if len(address) > LONGEST_ADDRESS:
        raise PermanentError(
            f"the street is longer than {LONGEST_ADDRESS} characters",
            code="too_long",
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
