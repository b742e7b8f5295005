"""Reach: compute which stock reaches a country by a date, the source of every promise.

Lists, product pages, carts, plans and the API all use one ``Reach``, so that quantities and dates
agree with what is then ordered.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from catalog.models import Channel
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.enums import Criterion
from orders.routing import stock_query
from orders.routing.candidates import Candidate, Need
from orders.routing.delivery_quote import ShippingQuote
from orders.routing.engine import Plan, available_quantity, route
from orders.routing.margin_filter import SaleAmount
from orders.routing.ranking import Rules
from shipping.rates import quotes
from shipping.rates.quotes import QuotedPromise
from suppliers.inventory.stock_rows import StockRow
from suppliers.shipping_services.selection import (
    ParcelItem,
    ServiceTerms,
    cheapest,
    max_units,
    parcel_load,
)

# Criteria whose value is computed for each stock row.
COMPUTED_CRITERIA = frozenset({Criterion.DAYS, Criterion.SCORE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What can be ordered of one variant.

    Shape:  ``most`` is the maximum per order; ``promise`` is for ``quantity``, None if that
            quantity cannot be ordered; ``fewer`` (or 0) and ``more`` (or None) are then the nearest
            quantities that can; stock that no route carries, or that ``is_restricted``, is not
            ``is_sold_out``
    """

    variant_id: int
    quantity: int
    most: int
    promise: QuotedPromise | None
    fewer: int
    more: int | None
    is_sold_out: bool
    is_restricted: bool = False

    @property
    def is_undeliverable(self) -> bool:
        return not self.most and not self.is_sold_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The stock of some variants that can be sent to one country, by one date if given.

    Shape:  ``reachable`` are stock rows, each capped at what one parcel takes; ``unreachable`` are
            stock rows of variants that no route carries there, or that may not be sent there;
            ``listed`` as in ``load_reach``
    """

    pieces: Mapping[int, ParcelItem]
    listed: Mapping[int, int] | None
    reachable: Sequence[Candidate]
    unreachable: Sequence[Candidate]
    country: str
    now: datetime
    by: date | None
    rules: Rules

    def most(self, variant_id: int) -> int:
        return self._most(self.reachable, variant_id)

    def max_quantity_anywhere(self, variant_id: int) -> int:
        """Return ``most``, or the stock if no route carries it: the cart may change its country."""
        return self.most(variant_id) or self._most(self.unreachable, variant_id)

    def is_sold_out(self, variant_id: int) -> bool:
        return all(
            candidate.variant_id != variant_id for candidate in (*self.reachable, *self.unreachable)
        )

    def is_restricted(self, variant_id: int) -> bool:
        """Return whether the variant is in stock but may not be sent to this country."""
        return any(
            self.country in one.restricted_countries
            for one in self.unreachable
            if one.variant_id == variant_id
        )

    def with_landed_costs(self, costing: Costing) -> Self:
        """Return a copy in which each stock row has its landed cost, even a variant's only one."""
        reachable, unreachable = (
            [one.with_landed_costs(costing) for one in rows]
            for rows in (self.reachable, self.unreachable)
        )
        return replace(self, reachable=reachable, unreachable=unreachable)

    def has_choice(self, variant_ids: Iterable[int]) -> bool:
        counts = Counter(
            one.variant_id for one in (*self.reachable, *self.unreachable) if one.landed
        )
        return any(counts[variant_id] > 1 for variant_id in variant_ids)

    def answer(
        self, variant_id: int, quantity: int = 1, *, sold: SaleAmount | None = None
    ) -> Availability:
        """Return the quantity, days and price that a cart of just this line would show.

        Shape:  ``sold`` is what the line is sold for, if known
        """
        reachable = [
            candidate for candidate in self.reachable if candidate.variant_id == variant_id
        ]
        planned = route(
            needs=[self._need(variant_id, quantity, sold)], candidates=reachable, rules=self.rules
        )
        return Availability(
            variant_id=variant_id,
            quantity=quantity,
            most=self.most(variant_id),
            promise=self._promise(planned),
            fewer=planned.missing.get(variant_id, quantity),
            more=planned.instead.get(variant_id) if planned.missing else quantity,
            is_sold_out=self.is_sold_out(variant_id),
            is_restricted=self.is_restricted(variant_id),
        )

    def plan(
        self, lines: Collection[tuple[int, int]], *, sold: Mapping[int, SaleAmount] | None = None
    ) -> Plan:
        """Plan ``(variant id, quantity)`` pairs as they would be sent.

        Without ``by``, variants that no route carries are planned too, so that
        ``quotes.refusal_reasons`` can explain them. If no route carries the parcels of a plan:
        with split lines, it is made again without splits; with lines that share a parcel, it is
        made again without the margin filter, because the hold rules still stop a loss.
        Shape:  ``sold`` maps variants to what their lines are sold for, if known
        """
        paid = sold or {}
        needs = [self._need(each, quantity, paid.get(each)) for each, quantity in lines]
        unreachable = self.unreachable if self.by is None else ()
        wanted = {need.variant_id for need in needs}
        eligible = [one for one in (*self.reachable, *unreachable) if one.variant_id in wanted]
        # An order logs its candidates with every criterion, whether or not these rules use it.
        known = [_with_rank_values(one, self.pieces[one.variant_id], self) for one in eligible]
        planned = route(needs=needs, candidates=known, rules=self.rules)
        is_divided = any(len(parts) > 1 for parts in planned.planned.values())
        if is_divided and not self._quotes(self._without_unreachable(planned)):
            return self.without_splits().plan(lines, sold=sold)
        is_margin_filtered = bool(paid) and self.rules.min_margin_rate is not None
        is_shared = any(len(parcel.lines) > 1 for parcel in planned.parcels)
        if not is_margin_filtered or not is_shared or self._quotes(planned):
            return planned
        unfiltered = replace(self.rules, min_margin_rate=None)
        unfiltered_plan = route(needs=needs, candidates=known, rules=unfiltered)
        return (
            replace(unfiltered_plan, rules=self.rules) if self._quotes(unfiltered_plan) else planned
        )

    def _without_unreachable(self, planned: Plan) -> Plan:
        """Return the plan without lines that no route carries, so that they block no other line."""
        unreachable = {one.variant_id for one in self.unreachable}
        parcels = (
            replace(
                parcel,
                lines=tuple(one for one in parcel.lines if one.variant_id not in unreachable),
            )
            for parcel in planned.parcels
        )
        return replace(planned, parcels=tuple(one for one in parcels if one.lines))

    def without_splits(self) -> Self:
        return replace(self, rules=replace(self.rules, max_sources=1))

    def route_separately(self) -> Self:
        """Return a copy that routes each line separately, as a product page does."""
        return replace(self, rules=replace(self.rules, criteria=self.rules.alone))

    def _need(self, variant_id: int, quantity: int, sold: SaleAmount | None) -> Need:
        most = None if self.listed is None else self.listed.get(variant_id, 0)
        return Need(variant_id=variant_id, quantity=quantity, sold=sold, most=most)

    def _most(self, candidates: Iterable[Candidate], variant_id: int) -> int:
        reachable = [one for one in candidates if one.variant_id == variant_id]
        most = None if self.listed is None else self.listed.get(variant_id, 0)
        return available_quantity(reachable, self.rules, most=most)

    def _quotes(self, planned: Plan) -> Sequence[ShippingQuote]:
        return quotes.quote_plan(
            plan=planned, country=self.country, now=self.now, by=self.by, pieces=self.pieces
        )

    def _promise(self, planned: Plan) -> QuotedPromise | None:
        offered = self._quotes(planned)
        if not offered:
            return None
        quote = min(offered, key=quotes.sort_key)
        # Of several parcels, the one with the most units gives the country, the last one the date.
        parcel = max(quote.parcels, key=lambda each: each.parcel.lines[0].quantity)
        leaves_in = max(each.parcel.lead_days for each in quote.parcels)
        return QuotedPromise(
            leaves_on=self.now.date() + timedelta(days=leaves_in),
            arrives_from=quote.arrives_from,
            arrives_to=quote.arrives_to,
            price=quote.price,
            country_from=parcel.parcel.country,
        )


def load_reach(  # noqa: PLR0913 - variants, destination, limits and prices
    *,
    pieces: Mapping[int, ParcelItem],
    listed: Mapping[int, int] | None,
    channel: Channel,
    country: str,
    now: datetime,
    by: date | None = None,
    costing_of: Callable[..., Costing] = policy.load_costing,
    rules: Rules | None = None,
    stock: Sequence[StockRow] | None = None,
) -> Reach:
    """Read what can be sent of these variants, never more than is listed for sale.

    One query, and two more for landed costs if a variant has several sources. The channel's rules
    and supplier scores are cached for a minute. ``stock`` saves the query: the stock rows of the
    variants, as of ``now``.
    Shape:  ``listed`` maps variants to the quantity that customers may order; a variant that it
            lacks cannot be ordered. None ignores listings, for staff
    """
    ids = sorted(variant_id for variant_id in pieces if listed is None or listed.get(variant_id))
    candidates = []
    if ids:
        candidates = stock_query.find_candidates(
            variant_ids=ids,
            channel=channel,
            country=country,
            now=now,
            costing_of=costing_of,
            rows=None if stock is None else [row for row in stock if row.variant_id in ids],
        )
    if listed is not None:
        candidates = [_capped(candidate, listed[candidate.variant_id]) for candidate in candidates]
    candidates = [
        candidate for candidate in candidates if candidate.largest_sellable(candidate.available)
    ]
    deliverable = (
        cap_to_parcel(candidate, pieces[candidate.variant_id], country=country, now=now, by=by)
        for candidate in candidates
    )
    reachable = [candidate for candidate in deliverable if candidate is not None]
    reached = {candidate.variant_id for candidate in reachable}
    reach = Reach(
        pieces=pieces,
        listed=listed,
        reachable=reachable,
        unreachable=[candidate for candidate in candidates if candidate.variant_id not in reached],
        country=country,
        now=now,
        by=by,
        rules=replace(
            rules or quotes.routing_rules(channel, now), max_sources=channel.max_split_locations
        ),
    )
    if not COMPUTED_CRITERIA & set(reach.rules.criteria):
        return reach
    source_counts = Counter(candidate.variant_id for candidate in reachable)
    ranked = [
        _with_rank_values(candidate, pieces[candidate.variant_id], reach)
        if source_counts[candidate.variant_id] > 1
        else candidate
        for candidate in reachable
    ]
    return replace(reach, reachable=ranked)


def _with_rank_values(candidate: Candidate, piece: ParcelItem, reach: Reach) -> Candidate:
    carrier_route = cheapest(
        _routes_in_time(candidate, reach.country, reach.now, reach.by), parcel_load(piece)
    )
    arrives = (
        quotes.transit_dates(carrier_route, candidate.lead_days, reach.now)[1]
        if carrier_route
        else None
    )
    return replace(
        candidate,
        days=candidate.lead_days if arrives is None else (arrives - reach.now.date()).days,
        score=quotes.supplier_score(candidate.supplier_id, reach.now),
    )


def cap_to_parcel(
    candidate: Candidate, piece: ParcelItem, *, country: str, now: datetime, by: date | None = None
) -> Candidate | None:
    """Return a candidate capped at what one parcel takes; None if it cannot be sent there."""
    if country in candidate.restricted_countries:
        return None
    load = parcel_load(piece)
    most = max(
        (
            max_units(carrier_route, load)
            for carrier_route in _routes_in_time(candidate, country, now, by)
        ),
        default=0,
    )
    capped = _capped(candidate, most)
    return capped if capped.largest_sellable(most) else None


def _routes_in_time(
    candidate: Candidate, country: str, now: datetime, by: date | None
) -> Sequence[ServiceTerms]:
    routes = quotes.routes_from(
        candidate.location_id, country=country, currency=candidate.cost.currency, now=now
    )
    if by is None:
        return routes
    return [
        carrier_route
        for carrier_route in routes
        if quotes.transit_dates(carrier_route, candidate.lead_days, now)[1] <= by
    ]


def _capped(candidate: Candidate, most: int) -> Candidate:
    if candidate.available <= most:
        return candidate
    return replace(candidate, available=most)
