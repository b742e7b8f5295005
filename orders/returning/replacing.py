"""Send anew what was broken or wrong: an order of its own, which costs its shopper nothing.

It is an order as any other: its units are held and sold, a supplier is asked once, parcels are
followed. It earns nothing, so the gate holds its purchase order until staff say that it shall go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from catalog.models import Variant
from orders import allocations
from orders.models import Order, PurchaseLine, ReturnAuthorization, ReturnLine
from orders.returning import owing, refunds, sending_anew, telling
from orders.returning.answering import hold
from orders.returning.refusing import CannotReturnError
from orders.returning.sending_anew import Shelf, Unit
from storefront.lib.transactions import needs_transaction

Status = ReturnAuthorization.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where what is sent anew can come from now, as an order would be routed.

    Shape:  ``shelves`` by the id of the line that was sold; ``note`` as ``noting`` keeps it
    """

    shelves: Mapping[int, Shelf] = field(default_factory=dict)
    note: Mapping[str, Any] = field(default_factory=dict)


NOWHERE = Found()


def is_for(authorization: ReturnAuthorization) -> bool:
    """Test whether it can be replaced now: looked at, or kept by the shopper."""
    is_ready = authorization.status == Status.INSPECTED or (
        authorization.status == Status.APPROVED and authorization.is_kept
    )
    return is_ready and not authorization.is_withdrawal


@transaction.atomic(durable=True)
def exchange(
    *, authorization: ReturnAuthorization, actor: str, now: datetime, found: Found = NOWHERE
) -> Order:
    """Order anew what was accepted; nothing is paid back.

    What is not ``found`` comes from where it came from.

    Locks:  the order; then the stock rows of the new one, in id order
    Raises: CannotReturnError  it is no case for that, or none is left there
            IllegalMoveError   it ended already
    """
    order = hold(authorization)
    if authorization.status in ReturnAuthorization.ENDED or not is_for(authorization):
        raise CannotReturnError(gettext("Look at it first, or let the shopper keep it."))
    refunds.insist_not_taken(order)
    lines = owing.lines_of(authorization)
    bought = bought_of(authorization)
    units = [
        _unit(line, bought[line.order_line_id], found, now)
        for line in lines
        if line.accepted_quantity and line.order_line_id in bought
    ]
    if not units:
        raise CannotReturnError(gettext("Nothing of it was accepted: refuse it instead."))
    authorization.purchase_order.order = order
    made = sending_anew.order_anew(
        order,
        units,
        # Where the goods went last, which may be elsewhere than they were ordered to.
        ship_to=authorization.purchase_order.goes_to,
        routed_by=found.note,
        now=now,
    )
    made.move(
        Order.Status.PLACED, at=now, actor=actor, reason=f"it replaces {authorization.number}"
    )
    allocations.sell(order=made, now=now)
    _end(authorization, lines, made, actor=actor, now=now)
    return made


def bought_of(authorization: ReturnAuthorization) -> dict[int, PurchaseLine]:
    """Map its lines to where they were bought, which may be elsewhere than they were sold."""
    rows = PurchaseLine.objects.filter(
        order_line__return_lines__authorization=authorization, is_live=True
    ).select_related(
        "purchase_order__order", "order_line__variant__product", "offer__variant__product"
    )
    return {row.order_line_id: row for row in rows}


def came(bought: PurchaseLine) -> Variant:
    """Return what its shopper has: what he bought, or what he took instead of it."""
    return bought.offer.variant or bought.order_line.variant


def _unit(line: ReturnLine, bought: PurchaseLine, found: Found, now: datetime) -> Unit:
    shelf = found.shelves.get(line.order_line_id)
    if shelf is None:
        shelf = sending_anew.shelf_before(
            bought, of=bought.purchase_order, quantity=line.accepted_quantity, now=now
        )
    return Unit(
        sold=line.order_line,
        variant=came(bought),
        quantity=line.accepted_quantity,
        shelf=shelf,
    )


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
