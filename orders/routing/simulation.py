"""Simulation: route past orders under other rules, compare the results."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orders.models import Order, OrderLine
from orders.routing import decision_log, margin_filter
from orders.routing.candidates import Candidate, Need
from orders.routing.engine import Plan, route
from orders.routing.margin_filter import Contribution, MarginReason
from orders.routing.ranking import Rules
from storefront.lib.money import Money

MAX_ORDERS = 2_000  # orders per simulation; takes a few seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTotals:
    """Result of routing for one order or several.

    Units:  ``cost`` is landed, in the channel's currency; ``days`` until the last parcel arrives,
            summed over orders; ``margin`` is the net item price less fees and cost
    """

    parcels: int
    cost: Decimal
    days: int
    margin: Decimal

    def __add__(self, other: "RoutingTotals") -> "RoutingTotals":
        return RoutingTotals(
            parcels=self.parcels + other.parcels,
            cost=self.cost + other.cost,
            days=self.days + other.days,
            margin=self.margin + other.margin,
        )


NO_TOTALS = RoutingTotals(parcels=0, cost=Decimal(0), days=0, margin=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedSource:
    """A source excluded for its margin; ``verdict`` is the reason."""

    location: str
    verdict: MarginReason
    contribution: Contribution


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedOrder:
    """One order with its routing before and after, and the sources excluded for their margin."""

    order: Order
    before: RoutingTotals
    after: RoutingTotals
    before_from: Sequence[str]
    after_from: Sequence[str]
    excluded: Sequence[ExcludedSource] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationResult:
    """Result of a simulation.

    Shape:  ``count`` orders were routed; ``without_log`` have no decision log; ``is_truncated``
            if there were more than ``MAX_ORDERS``
    """

    count: int
    without_log: int
    before: RoutingTotals
    after: RoutingTotals
    changed: Sequence[ChangedOrder]
    currency: str
    is_truncated: bool


def simulate(*, rules: Rules, orders: Iterable[Order], currency: str) -> SimulationResult:
    """Route orders again, each with the candidates of its decision log.

    Shape:  ``orders`` with prefetched lines; at most ``MAX_ORDERS`` are used
    """
    count = without_log = 0
    before = after = NO_TOTALS
    changed: list[ChangedOrder] = []
    is_truncated = False
    for order in orders:
        if count + without_log >= MAX_ORDERS:
            is_truncated = True
            break
        if not order.routing_decision:
            without_log += 1
            continue
        count += 1
        pair = _route_again(order, rules)
        before, after = before + pair.before, after + pair.after
        if pair.before_from != pair.after_from:
            changed.append(pair)
    return SimulationResult(
        count=count,
        without_log=without_log,
        before=before,
        after=after,
        changed=changed,
        currency=currency,
        is_truncated=is_truncated,
    )


def orders_of_period(*, channel_id: int, since: datetime, until: datetime) -> Iterable[Order]:
    """Return the orders that a channel received in a period, in any status but expired."""
    orders = Order.objects.filter(
        channel=channel_id, placed_at__gte=since, placed_at__lt=until
    ).exclude(status=Order.Status.EXPIRED)
    return orders.prefetch_related("lines").order_by("pk").iterator(chunk_size=200)


def _route_again(order: Order, rules: Rules) -> ChangedOrder:
    lines = list(order.lines.all())
    needs = tuple(
        Need(
            variant_id=variant_id,
            quantity=count,
            sold=decision_log.logged_sale(order.routing_decision, variant_id, order.currency),
        )
        for variant_id, count in _units(lines).items()
    )
    candidates = decision_log.logged_candidates(order.routing_decision, needs)
    by_level = {candidate.level_id: candidate for candidate in candidates}
    old_sources = [(by_level[line.level_id], line.quantity) for line in lines]
    # Lines that were split may be split again.
    logged_max_sources = decision_log.logged_rules(order.routing_decision).max_sources
    rules = replace(rules, max_sources=max(rules.max_sources, logged_max_sources))
    plan = route(needs=needs, candidates=candidates, rules=rules)
    parts = [part for parts in plan.planned.values() for part in parts]
    # If the new ranking finds no split, the order stays as it was.
    new_sources = (
        old_sources if plan.missing else [(part.candidate, part.quantity) for part in parts]
    )
    return ChangedOrder(
        order=order,
        before=_sum(lines, old_sources),
        after=_sum(lines, new_sources),
        before_from=_location_names(old_sources),
        after_from=_location_names(new_sources),
        excluded=list(_excluded(plan)),
    )


def _units(lines: Iterable[OrderLine]) -> Counter[int]:
    """Return units by variant; a split line has several order lines."""
    units: Counter[int] = Counter()
    for line in lines:
        units[line.variant_id] += line.quantity
    return units


def _excluded(plan: Plan) -> Iterator[ExcludedSource]:
    for variant_id, parts in plan.planned.items():
        chosen, sold = decision_log.sole_source(parts), decision_log.total_sale(parts)
        quantity = sum(part.quantity for part in parts)
        levels = {part.candidate.level_id for part in parts}
        for candidate in plan.considered[variant_id]:
            contribution = margin_filter.contribution(candidate, quantity, sold)
            if contribution is None or candidate.level_id in levels:
                continue
            verdict = decision_log.verdict(candidate, chosen, quantity, plan.rules, sold)
            if verdict in set(MarginReason):
                yield ExcludedSource(
                    location=_location_name(candidate),
                    verdict=MarginReason(verdict),
                    contribution=contribution,
                )


def _sum(lines: Sequence[OrderLine], chosen: Sequence[tuple[Candidate, int]]) -> RoutingTotals:
    cost = sum((candidate.outlay(units)[1] for candidate, units in chosen), Decimal(0))
    paid = sum(
        (
            line.line_amount - line.discount_amount - (line.tax_amount - line.additional_tax_amount)
            for line in lines
        ),
        Decimal(0),
    )
    fees = sum((line.fees_amount or Decimal(0) for line in lines), Decimal(0))
    return RoutingTotals(
        parcels=len({candidate.location_id for candidate, _ in chosen}),
        cost=cost,
        days=max(candidate.days for candidate, _ in chosen),
        margin=paid - fees - cost,
    )


def _location_names(chosen: Iterable[tuple[Candidate, int]]) -> list[str]:
    return sorted({_location_name(candidate) for candidate, _ in chosen})


def _location_name(candidate: Candidate) -> str:
    return f"{candidate.supplier_code} ({candidate.country})"


def per_order(amount: Decimal, result: SimulationResult) -> Money:
    """Return the average per order."""
    return money(amount / max(1, result.count), result.currency)


def money(amount: Decimal, currency: str) -> Money:
    return Money(amount, currency).rounded()
