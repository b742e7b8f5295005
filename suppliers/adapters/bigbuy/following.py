"""Read how our orders stand at BigBuy, and where their parcels are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import batched
from urllib.parse import quote

import msgspec

from storefront.lib.failures import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.adapters.base import Answer, OrderName, ParcelNews, PurchaseState, RequestLine
from suppliers.adapters.bigbuy import reading
from suppliers.adapters.bigbuy.options import CURRENCY, Options
from suppliers.adapters.bigbuy.parts import MOST_PARTS, joined, part_number, references
from suppliers.adapters.bigbuy.shapes import Carrier, Named, Order, Parcel, Tracked
from suppliers.adapters.bigbuy.wire import Wire

ABSENT = "404"
ORDERS_AT_ONCE = 50
LEFT = frozenset({Answer.SHIPPED, Answer.DELIVERED})


def find(wire: Wire, options: Options, number: str) -> PurchaseState | None:
    """Look an order up by our number, whole or in its parts; None is proof of absence.

    Raises: TemporaryError  he does not say, which is no proof
    """
    found = _named(wire, number)
    if found is not None:
        return _state(wire, options, number, {number: found})
    for count in range(2, MOST_PARTS + 1):
        names = [part_number(number, place, count) for place in range(1, count + 1)]
        first = _named(wire, names[0])
        if first is not None:
            ids = {names[0]: first} | {name: _named(wire, name) for name in names[1:]}
            return _state(wire, options, number, ids)
    return None


def _named(wire: Wire, number: str) -> str | None:
    try:
        answer = wire.get(f"order/reference/{quote(number, safe='')}", Named)
    except PermanentError as error:
        if error.code == ABSENT:
            return None
        raise
    return str(answer.id)


def _state(
    wire: Wire, options: Options, number: str, ids: Mapping[str, str | None]
) -> PurchaseState:
    there = {name: key for name, key in ids.items() if key is not None}
    orders = [_order(wire, key, name) for name, key in there.items()]
    tracked = _tracked(wire, list(there.values()))
    carriers = _carriers(wire) if any(tracked.values()) else {}
    missing = [name for name, key in ids.items() if key is None]
    return _told(
        options, number, orders=orders, tracked=tracked, carriers=carriers, missing=missing
    )


def _order(wire: Wire, key: str, number: str) -> Order:
    """Read one order.

    Raises: TemporaryError  he tells of another one
    """
    order = wire.get(f"order/{quote(key, safe='')}", Order)
    if order.internal_reference != number or str(order.id) != key:
        raise TemporaryError(
            f"asked about {number}, told of {order.internal_reference}", code="other_order"
        )
    return order


def _tracked(wire: Wire, ids: Sequence[str]) -> dict[str, list[Parcel]]:
    """Ask for the parcels of many orders at once; he may tell of fewer, in any order."""
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


def _told(  # noqa: PLR0913 - all that was read of one order
    options: Options,
    number: str,
    *,
    orders: Sequence[Order],
    tracked: Mapping[str, list[Parcel]],
    carriers: Mapping[str, str],
    missing: Sequence[str],
) -> PurchaseState:
    reasons = [f"{name} is not there: ask him for the rest" for name in missing]
    answers = []
    for order in orders:
        name = reading.text(order.status)
        known = options.answer(name)
        answers.append(known or Answer.ACCEPTED)
        if known is None:
            reasons.append(f"the options do not say what the status {name!r} means")
    return PurchaseState(
        number=number,
        supplier_reference=joined([str(order.id) for order in orders]),
        answer=_answer_of_all(answers, is_whole=not missing),
        reason="; ".join(reasons),
        cost=_cost(orders),
        parcels=tuple(
            _parcel(parcel, order, carriers, is_split=len(orders) > 1)
            for order in orders
            for parcel in tracked.get(str(order.id), ())
        ),
        raw={"orders": [msgspec.to_builtins(order) for order in orders]},
    )


def _answer_of_all(answers: Sequence[Answer], *, is_whole: bool) -> Answer:
    """Sum up the orders that ours became: it is shipped when the last of them is."""
    kinds = set(answers)
    if len(kinds) == 1 and is_whole:
        return kinds.pop()
    if is_whole and kinds <= LEFT:
        return Answer.SHIPPED
    if kinds & LEFT:
        return Answer.PARTIALLY_SHIPPED
    # Of what he does not have nobody may say that it was accepted.
    return Answer.ACCEPTED if is_whole else Answer.RECEIVED


def _cost(orders: Sequence[Order]) -> Money | None:
    lines = [line for order in orders for line in order.products or ()]
    if not lines or any(line.price_tax_excl is None for line in lines):
        return None
    prices = (Money(line.price_tax_excl or Decimal(0), CURRENCY) * line.quantity for line in lines)
    return Money.total(prices, CURRENCY)


def _parcel(
    parcel: Parcel, order: Order, carriers: Mapping[str, str], *, is_split: bool
) -> ParcelNews:
    """Read one parcel. What is in it he does not say: of a split order, what that part is."""
    said = parcel.carrier
    name = (said.name or carriers.get(str(said.id), "")) if said else ""
    lines = [
        RequestLine(sku=line.reference, quantity=line.quantity, reference="")
        for line in order.products or ()
    ]
    return ParcelNews(
        carrier=name,
        number=reading.text(parcel.tracking_number),
        lines=tuple(lines) if is_split else (),
        carrier_text=reading.text(parcel.status_description),
        happened_at=reading.moment(parcel.status_date),
    )


def track(wire: Wire, options: Options, orders: Sequence[OrderName]) -> Iterator[PurchaseState]:
    """Read many orders: one call for each, and one for the parcels of fifty."""
    known = [order for order in orders if order.supplier_reference]
    ids = [key for order in known for key in references(order.supplier_reference)]
    tracked = _tracked(wire, ids)
    carriers: dict[str, str] = _carriers(wire) if any(tracked.values()) else {}
    for order in known:
        keys = references(order.supplier_reference)
        read = [wire.get(f"order/{quote(key, safe='')}", Order) for key in keys]
        names = {each.internal_reference for each in read}
        wanted = {order.number, *_part_numbers(order.number, len(keys))}
        if names <= wanted:
            yield _told(
                options, order.number, orders=read, tracked=tracked, carriers=carriers, missing=()
            )


def _part_numbers(number: str, count: int) -> list[str]:
    return [
        part_number(number, place, of)
        for of in range(max(2, count), MOST_PARTS + 1)
        for place in range(1, of + 1)
    ]
