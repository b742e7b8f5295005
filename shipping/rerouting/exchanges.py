"""Exchange sourcing: find a source for the replacement items of a return and order them.

A replacement has no revenue, so the margin filter does not apply: the routing rules choose the
source, and the hold rules hold the purchase order. Items that no route carries come from the
original source if it has stock.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from catalog.models import Variant
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.checkout import snapshot
from orders.models import Order, ReturnAuthorization
from orders.returns import exchange_options, exchanges, refund_amounts
from orders.returns.exchanges import ReplacementSources
from orders.returns.replacement_orders import ReplacementSource
from orders.routing import decision_log
from orders.routing.delivery_quote import QuotedParcel
from orders.routing.engine import PlannedLine
from shipping.availability.reach import load_reach
from shipping.rates import quotes
from storefront.lib.money import Money


def create_replacement(
    *,
    authorization: ReturnAuthorization,
    actor: str,
    now: datetime,
    choice: Mapping[int, int | None] | None = None,
    is_free: bool = False,
) -> Order:
    """Create the replacement order of a return, for the same or other items.

    The search takes no locks, so another order may take the units first.
    Shape, Locks, Raises: as ``exchanges.exchange``
    """
    found = find_sources(authorization, choice, now=now)
    return exchanges.exchange(
        authorization=authorization,
        actor=actor,
        now=now,
        choice=choice,
        is_free=is_free,
        sources=found,
    )


def find_sources(
    authorization: ReturnAuthorization, choice: Mapping[int, int | None] | None, *, now: datetime
) -> ReplacementSources:
    """Return a source for each replacement item; lines of one variant share one source.

    Raises: CannotReturnError  the chosen item is not for sale
    """
    purchase_lines = exchange_options.find_purchase_lines(authorization)
    lines = refund_amounts.read_lines(authorization)
    units = {line.order_line_id: line.accepted_quantity for line in lines}
    sent = exchange_options.choose_variants(authorization, lines, purchase_lines, choice)
    wanted = {line_id: exchange_options.to_variant(instead) for line_id, instead in sent.items()}
    if not wanted:
        return exchanges.NO_SOURCES
    order = authorization.order
    country = authorization.purchase_order.goes_to["country"]
    pieces: dict[int, Variant] = {variant.pk: variant for variant in wanted.values()}
    needs: Counter[int] = Counter()
    for line_id, variant in wanted.items():
        needs[variant.pk] += units[line_id]
    reached = load_reach(
        pieces=pieces, listed=None, channel=order.channel, country=country, now=now
    )
    plan = replace(reached, unreachable=()).without_splits().plan(needs.items())
    offered = quotes.quote_plan(plan=plan, country=country, now=now, pieces=pieces)
    quote = min(offered, key=quotes.sort_key, default=None)
    if quote is None:
        return exchanges.NO_SOURCES
    costing = policy.load_costing(order.channel, now=now, country=country)
    candidates = {
        line.variant_id: (parcel, line) for parcel in quote.parcels for line in parcel.parcel.lines
    }
    sources = {
        line_id: _replacement_source(
            *candidates[variant.pk], costing, units[line_id], order.currency
        )
        for line_id, variant in wanted.items()
        if variant.pk in candidates
    }
    return ReplacementSources(sources=sources, note=decision_log.record(plan, costing=costing))


def _replacement_source(
    parcel: QuotedParcel, line: PlannedLine, costing: Costing, quantity: int, currency: str
) -> ReplacementSource:
    one, nothing = line.candidate, Decimal(0)
    known = snapshot.costs(one, costing, quantity, Money(nothing, currency), nothing)
    return ReplacementSource(
        variant_id=line.variant_id,
        offer_id=one.offer_id,
        level_id=one.level_id,
        location_id=one.location_id,
        cost=one.wholesale,
        rate=known["cost_rate"],
        landed=known.get("landed_amount"),
        entry=snapshot.parcel_entry(parcel, amount=nothing, tax=nothing),
    )
