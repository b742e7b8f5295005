"""Find who sends goods anew for a return, as an order is routed, and have them ordered there.

It earns nothing wherever it comes from, so nobody is passed over who would lose: the usual rules
choose, and the gate holds it. What no route brings comes from where it came from, if any is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from catalog.models import Variant
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders import freezing, noting
from orders.delivery import QuotedParcel
from orders.models import Order, ReturnAuthorization
from orders.returning import owing, replacing, swapping
from orders.returning.replacing import Found
from orders.returning.sending_anew import Shelf
from orders.routing import PlannedLine
from shipping import quotes
from shipping.reaching import reach
from storefront.lib.money import Money


def exchange(
    *,
    authorization: ReturnAuthorization,
    actor: str,
    now: datetime,
    choice: Mapping[int, int | None] | None = None,
    is_free: bool = False,
) -> Order:
    """Order anew what was accepted of a return, or another, from whoever sends it now.

    Nothing is locked while it is looked for; who takes the units meanwhile has them.

    Shape, Locks, Raises: as ``replacing.exchange``
    """
    found = find(authorization, choice, now=now)
    return replacing.exchange(
        authorization=authorization,
        actor=actor,
        now=now,
        choice=choice,
        is_free=is_free,
        found=found,
    )


def find(
    authorization: ReturnAuthorization, choice: Mapping[int, int | None] | None, *, now: datetime
) -> Found:
    """Route what is sent for a return; lines of one variant come from one place.

    Raises: CannotReturnError  what is chosen is not for sale
    """
    bought = swapping.bought_of(authorization)
    lines = owing.lines_of(authorization)
    units = {line.order_line_id: line.accepted_quantity for line in lines}
    sent = swapping.chosen(authorization, lines, bought, choice)
    wanted = {line_id: swapping.variant_of(instead) for line_id, instead in sent.items()}
    if not wanted:
        return replacing.NOWHERE
    order = authorization.order
    country = authorization.purchase_order.goes_to["country"]
    pieces: dict[int, Variant] = {variant.pk: variant for variant in wanted.values()}
    needs: Counter[int] = Counter()
    for line_id, variant in wanted.items():
        needs[variant.pk] += units[line_id]
    reached = reach(pieces=pieces, listed=None, channel=order.channel, country=country, now=now)
    plan = replace(reached, lost=()).alone().plan(needs.items())
    offered = quotes.for_plan(plan=plan, country=country, now=now, pieces=pieces)
    quote = min(offered, key=quotes.outlay, default=None)
    if quote is None:
        return replacing.NOWHERE
    costing = policy.costing_of(order.channel, now=now, country=country)
    places = {
        line.variant_id: (parcel, line) for parcel in quote.parcels for line in parcel.parcel.lines
    }
    shelves = {
        line_id: _shelf(*places[variant.pk], costing, units[line_id], order.currency)
        for line_id, variant in wanted.items()
        if variant.pk in places
    }
    return Found(shelves=shelves, note=noting.note(plan, costing=costing))


def _shelf(
    parcel: QuotedParcel, line: PlannedLine, costing: Costing, quantity: int, currency: str
) -> Shelf:
    one, nothing = line.candidate, Decimal(0)
    known = freezing.costs(one, costing, quantity, Money(nothing, currency), nothing)
    return Shelf(
        variant_id=line.variant_id,
        offer_id=one.offer_id,
        level_id=one.level_id,
        location_id=one.location_id,
        cost=one.wholesale,
        rate=known["cost_rate"],
        landed=known.get("landed_amount"),
        entry=freezing.entry_of(parcel, amount=nothing, tax=nothing),
    )
