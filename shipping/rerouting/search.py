"""Rerouting search: find another source or a substitute for backordered lines, check its margin.

Saves and orders nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from catalog.models import Listing, Variant
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.backorders import backorders
from orders.models import Backorder, BackorderLine, Order
from orders.pricing import margins
from orders.routing.candidates import Candidate
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from orders.routing.engine import Plan, PlannedLine
from orders.routing.margin_filter import SaleAmount
from shipping.availability.reach import load_reach
from shipping.rates import quotes
from storefront.lib.money import Money


def is_profitable(
    quote: ShippingQuote, order: Order, paid: Money, *, is_each: bool = False, now: datetime
) -> bool:
    """Return whether the quote covers its costs; unknown costs pass.

    The price of a parcel's route is taken as our freight cost. Before submission, the hold rules
    check again with the supplier's figures.
    Shape:  ``paid`` is the delivery price that the customer paid; ``is_each`` requires that no
            parcel loses money, as the hold rules do
    """
    costing = policy.load_costing(
        order.channel, now=now, country=order.ship_to["country"]
    ).confirmed_only
    losses = [
        _loss(parcel, costing, Money.zero(paid.currency) if index else paid)
        for index, parcel in enumerate(quote.parcels)
    ]
    return (max(losses, default=Decimal(0)) if is_each else sum(losses, Decimal(0))) <= 0


def _loss(quoted: QuotedParcel, costing: Costing, paid: Money) -> Decimal:
    one = quoted.parcel.lines[0].candidate
    terms = costing.terms_of(origin=one.country, supplier_code=one.supplier_code)
    if terms is None or quoted.price.currency != paid.currency:
        return Decimal(0)
    accounts = []
    tax_rate = Decimal(0)
    for line in quoted.parcel.lines:
        candidate = line.candidate
        landed = costing.landed(
            candidate.wholesale, origins=(candidate.country,), supplier_code=candidate.supplier_code
        )
        if landed is None or line.sold is None:
            return Decimal(0)
        tax_rate = line.sold.tax_rate
        accounts.append(
            margins.line_margin(
                landed.without_freight,
                quantity=line.quantity,
                gross=line.sold.gross,
                tax_rate=tax_rate,
            )
        )
    account = margins.parcel_margin(
        accounts,
        terms=terms,
        delivery=paid,
        tax_rate=tax_rate,
        freight=quoted.price,
        items_cost=None,
    )
    return account.loss.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcingPlan:
    """How lines of a backorder would be sent, as far as a source exists.

    Shape:  ``wanted`` maps variants, ordered or substitute, to their lines; ``parts`` maps stock
            rows to lines, once lines from several sources are split
    """

    wanted: Mapping[int, BackorderLine]
    plan: Plan
    quote: ShippingQuote | None
    parts: Mapping[int, BackorderLine] = field(default_factory=dict)

    @property
    def planned(self) -> Iterable[tuple[BackorderLine, PlannedLine]]:
        for quoted in self.quote.parcels if self.quote else ():
            for line in quoted.parcel.lines:
                yield self.line_of(line), line

    def line_of(self, planned: PlannedLine) -> BackorderLine:
        return self.parts.get(planned.candidate.level_id) or self.wanted[planned.variant_id]

    @property
    def lines(self) -> list[BackorderLine]:
        return list({row.pk: row for row, _ in self.planned}.values())

    @property
    def levels(self) -> dict[int, int]:
        return {row.order_line_id: line.candidate.level_id for row, line in self.planned}

    @property
    def arrives_by(self) -> date | None:
        return self.quote.arrives_to if self.quote else None

    def is_in_time(self, backorder: Backorder) -> bool:
        """Return whether it arrives by the date promised to the customer."""
        day = self.arrives_by
        return day is not None and (backorder.promised_by is None or day <= backorder.promised_by)


def find_source(  # noqa: PLR0913 - lines, substitutes, limits and earlier plans
    backorder: Backorder,
    rows: Sequence[BackorderLine],
    *,
    instead: Mapping[BackorderLine, Variant] | None = None,
    is_divided: bool = False,
    before: Sequence[SourcingPlan] = (),
    by: date | None = None,
    must_be_profitable: bool = False,
    now: datetime,
) -> SourcingPlan:
    """Route lines of a backorder again, without the sources that rejected them.

    Shape:  ``is_divided`` allows split lines, as many sources as the channel allows; ``before`` are
            plans already found: their units are taken, and they use up the delivery price that the
            customer paid; ``by`` is the latest arrival; ``must_be_profitable`` requires that each
            parcel covers its costs
    """
    order = backorder.order
    wanted = {(instead[row].pk if instead else row.order_line.variant_id): row for row in rows}
    variants = Variant.objects.select_related("product").in_bulk(list(wanted))
    country = order.ship_to["country"]
    channel = order.channel
    reach = load_reach(
        pieces=variants, listed=None, channel=channel, country=country, now=now, by=by
    )
    suppliers, levels = backorders.excluded_sources(order)

    def may_send(candidate: Candidate) -> bool:
        line_id = wanted[candidate.variant_id].order_line_id
        return candidate.supplier_id not in suppliers.get(line_id, ()) and (
            candidate.level_id not in levels.get(line_id, ())
        )

    used: Counter[int] = Counter()
    for earlier in before:
        used.update({line.candidate.level_id: line.quantity for _, line in earlier.planned})
    reachable = [
        replace(one, available=one.available - used[one.level_id])
        for one in reach.reachable
        if may_send(one)
    ]
    needs = [(variant_id, row.order_line.quantity) for variant_id, row in wanted.items()]
    sold = {
        variant_id: SaleAmount(
            gross=Money(row.order_line.customer_charge_amount, backorder.currency),
            tax_rate=row.order_line.tax_rate,
        )
        for variant_id, row in wanted.items()
    }
    sending = replace(reach, reachable=reachable, unreachable=())
    plan = (sending if is_divided else sending.without_splits()).plan(needs, sold=sold)
    offered = quotes.quote_plan(plan=plan, country=country, now=now, pieces=variants, by=by)
    paid = Money.zero(backorder.currency) if before else backorder.delivery
    profitable = [
        one
        for one in offered
        if is_profitable(one, order, paid, is_each=must_be_profitable, now=now)
    ]
    quote = _best_quote([] if must_be_profitable else offered, profitable, backorder)
    return SourcingPlan(wanted=wanted, plan=plan, quote=quote)


def _best_quote(
    offered: Sequence[ShippingQuote], earning: Sequence[ShippingQuote], backorder: Backorder
) -> ShippingQuote | None:
    """Return the cheapest profitable quote on time, otherwise the soonest profitable one.

    A quote on time at a loss is better than none: the hold rules hold it for staff.
    """
    day = backorder.promised_by
    if in_time := [one for one in earning if day is None or one.arrives_to <= day]:
        return min(in_time, key=quotes.sort_key)
    if earning:
        return min(earning, key=lambda one: (one.arrives_to, one.price.amount))
    losing = [one for one in offered if day is None or one.arrives_to <= day]
    return min(losing, key=quotes.sort_key, default=None)


def find_substitutes(
    backorder: Backorder, rows: Sequence[BackorderLine]
) -> dict[BackorderLine, Variant]:
    """Return the substitutes of lines: not discontinued, and not cheaper than the price paid."""
    substitutes = {}
    for row in rows:
        other = row.order_line.variant.replaced_by
        if other is None or other.status == Variant.Status.DISCONTINUED:
            continue
        listings = Listing.objects.on(backorder.order.channel).filter(
            variant=other, price_amount__gte=row.order_line.unit_amount
        )
        if listings.exists():
            substitutes[row] = other
    return substitutes
