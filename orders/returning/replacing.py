"""Send anew what was broken or wrong: an order of its own, which costs its shopper nothing.

It is an order as any other: its units are held and sold, a supplier is asked once, parcels are
followed. It earns nothing, so the gate holds its purchase order until staff say that it shall go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from orders import access, allocations, carts, numbers, reservations
from orders.models import Order, OrderLine, PurchaseLine, ReturnAuthorization, ReturnLine
from orders.returning import owing, refunds, telling
from orders.returning.answering import hold
from orders.returning.refusing import CannotReturnError
from storefront.lib.transactions import needs_transaction
from suppliers.stock import NotEnoughStockError

Status = ReturnAuthorization.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """So many of a line that was sold, to be sent anew from the shelf that it came from."""

    sold: OrderLine
    quantity: int
    shelf: PurchaseLine


def is_for(authorization: ReturnAuthorization) -> bool:
    """Test whether it can be replaced now: looked at, or kept by the shopper."""
    is_ready = authorization.status == Status.INSPECTED or (
        authorization.status == Status.APPROVED and authorization.is_kept
    )
    return is_ready and not authorization.is_withdrawal


@transaction.atomic(durable=True)
def exchange(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> Order:
    """Order anew what was accepted, from where it came from; nothing is paid back.

    Locks:  the order; then the stock rows of the new one, in id order
    Raises: CannotReturnError  it is no case for that, or none is left there
            IllegalMoveError   it ended already
    """
    order = hold(authorization)
    if authorization.status in ReturnAuthorization.ENDED or not is_for(authorization):
        raise CannotReturnError(gettext("Look at it first, or let the shopper keep it."))
    refunds.insist_not_taken(order)
    lines = owing.lines_of(authorization)
    shelves = _shelves(order)
    units = [
        _Unit(
            sold=line.order_line,
            quantity=line.accepted_quantity,
            shelf=shelves[line.order_line_id],
        )
        for line in lines
        if line.accepted_quantity and line.order_line_id in shelves
    ]
    if not units:
        raise CannotReturnError(gettext("Nothing of it was accepted: refuse it instead."))
    made = _order_anew(order, units, now)
    made.move(
        Order.Status.PLACED, at=now, actor=actor, reason=f"it replaces {authorization.number}"
    )
    allocations.sell(order=made, now=now)
    _end(authorization, lines, made, actor=actor, now=now)
    return made


def _shelves(order: Order) -> dict[int, PurchaseLine]:
    """Map lines to where they were bought, which may be elsewhere than they were sold."""
    bought = PurchaseLine.objects.filter(order_line__order=order, is_live=True)
    rows = bought.select_related("purchase_order", "offer", "level")
    for row in rows:
        row.purchase_order.order = order
    return {row.order_line_id: row for row in rows}


@needs_transaction
def _end(
    authorization: ReturnAuthorization,
    lines: Sequence[ReturnLine],
    made: Order,
    *,
    actor: str,
    now: datetime,
) -> None:
    refunds.share_out(authorization, lines)
    authorization.move(
        Status.EXCHANGED,
        at=now,
        actor=actor,
        reason=f"replaced by {made.number}",
        replacement=made,
    )
    refunds.count_back(lines)
    telling.answered(authorization, what="exchanged", at=now)


@needs_transaction
def _order_anew(order: Order, units: Sequence[_Unit], now: datetime) -> Order:
    """Write an order of the same goods, from the same place, and hold its stock.

    Raises: CannotReturnError  none is left there
    """
    # Where the goods went last, which may be elsewhere than they were ordered to.
    ship_to = units[0].shelf.purchase_order.goes_to
    cart = carts.open_cart(
        channel=order.channel, country=ship_to["country"], locale=order.locale, now=now
    )
    # It is the account's too: who is forgotten is forgotten here as well.
    cart.owner_id = order.cart.owner_id
    cart.save(update_fields=["owner"])
    made = Order.objects.create(
        number=numbers.order_number(now),
        access_key=access.new_key(),
        channel=order.channel,
        cart=cart,
        email=order.email,
        locale=order.locale,
        ship_to=ship_to,
        address_check=order.address_check,
        currency=order.currency,
        goods_amount=0,
        delivery_amount=0,
        tax_amount=0,
        total_amount=0,
        status_since=now,
        placed_at=now,
        pay_before=now,
        delivery_plan=_plan(order, units, now),
        arrives_from=_as_soon(order, order.arrives_from, now),
        arrives_to=_as_soon(order, order.arrives_to, now),
    )
    lines = [_line(made, unit) for unit in units]
    OrderLine.objects.bulk_create(lines)
    try:
        reservations.hold(lines=lines, until=now, now=now)
    except NotEnoughStockError as error:
        words = gettext("None is left to send: pay it back instead, or wait.")
        raise CannotReturnError(words) from error
    return made


def _line(made: Order, unit: _Unit) -> OrderLine:
    sold, shelf, nothing = unit.sold, unit.shelf, Decimal(0)
    landed = None
    if sold.landed_amount is not None:
        landed = (sold.landed_amount * unit.quantity / sold.quantity).quantize(Decimal("0.01"))
    return OrderLine(
        order=made,
        variant=sold.variant,
        offer=shelf.offer,
        level=shelf.level,
        sku=sold.sku,
        title=sold.title,
        picture=sold.picture,
        quantity=unit.quantity,
        unit_amount=nothing,
        line_amount=nothing,
        discount_amount=nothing,
        tax_rate=sold.tax_rate,
        tax_amount=nothing,
        added_tax_amount=nothing,
        cost_amount=shelf.agreed_cost_amount,
        cost_currency=shelf.cost_currency,
        cost_rate=sold.cost_rate if shelf.cost_currency == sold.cost_currency else None,
        landed_amount=landed,
        fees_amount=nothing,
    )


def _plan(order: Order, units: Sequence[_Unit], now: datetime) -> list[Mapping[str, Any]]:
    """Let each parcel come the way it came, for nothing.

    Raises: CannotReturnError  it came from where the order was not planned to
    """
    known: dict[int, Mapping[str, Any]] = {}
    levels: dict[int, dict[str, int]] = {}
    for unit in units:
        place = unit.shelf.level.location_id
        known[place] = unit.shelf.purchase_order.entry
        levels.setdefault(place, {})[str(unit.sold.variant_id)] = unit.shelf.level_id
    if not all(known.values()):
        raise CannotReturnError(gettext("Nobody knows the way from there: pay it back instead."))
    return [
        {**_later(known[place], order, now), "amount": "0", "tax": "0", "levels": mine}
        for place, mine in levels.items()
    ]


def _later(entry: Mapping[str, Any], order: Order, now: datetime) -> dict[str, Any]:
    """Promise the days of one way anew, from today on."""
    days = {
        name: _as_soon(order, date.fromisoformat(entry[name]), now)
        for name in ("arrives_from", "arrives_to")
        if entry.get(name)
    }
    return {**entry, **{name: day.isoformat() for name, day in days.items() if day}}


def _as_soon(order: Order, then: date | None, now: datetime) -> date | None:
    """Count the days that it was promised in from today on."""
    return None if then is None else now.date() + (then - order.placed_at.date())
