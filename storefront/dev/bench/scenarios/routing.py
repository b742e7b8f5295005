"""Routing scenario: plan carts of ten lines from up to 50 suppliers, time them."""

import time
from collections.abc import Callable
from decimal import Decimal
from random import Random
from statistics import median

from catalog.pricing.landed_cost import CostTerms, calculate
from orders.enums import Criterion
from orders.routing.candidates import Candidate, Need
from orders.routing.engine import route
from orders.routing.margin_filter import SaleAmount
from orders.routing.ranking import Rules
from storefront.lib.money import Money

LINES, SUPPLIERS, CARTS = 10, 50, 100
TERMS = CostTerms(
    handling_amount=Decimal(2),
    payment_fee_rate=Decimal("0.015"),
    payment_fee_amount=Decimal("0.25"),
)
# At this price no source sells at a loss, so all are compared: the slowest case.
SOLD = SaleAmount(gross=Money(Decimal(40), "EUR"), tax_rate=Decimal("0.19"))
SOONEST = Rules(criteria=(Criterion.DAYS, Criterion.PARCELS, Criterion.COST))


def measure(say: Callable[[str], None]) -> float:
    """Return the p95 of the milliseconds per cart, in the slowest case."""
    dice = Random(1)  # noqa: S311 - prices, not secrets
    slowest = 0.0
    for able in (5, 25, SUPPLIERS):
        for rules in (Rules(), SOONEST):
            took = [_plan(dice, able, rules) for _ in range(CARTS)]
            p95 = sorted(took)[int(len(took) * 0.95)]
            slowest = max(slowest, p95)
            say(
                f"{LINES} lines, each at {able} of {SUPPLIERS} suppliers, {rules.criteria[0]} first:"
                f" p50 {median(took):.2f} ms, p95 {p95:.2f} ms"
            )
    return slowest


def _plan(dice: Random, able: int, rules: Rules) -> float:
    needs = [Need(variant_id=number, quantity=1, sold=SOLD) for number in range(1, LINES + 1)]
    candidates = [
        _candidate(dice, need.variant_id, place)
        for need in needs
        for place in dice.sample(range(SUPPLIERS), able)
    ]
    began = time.perf_counter()
    plan = route(needs=needs, candidates=candidates, rules=rules)
    took = time.perf_counter() - began
    if plan.missing:
        raise AssertionError("the plan has no source for some lines")
    return took * 1000


def _candidate(dice: Random, variant_id: int, place: int) -> Candidate:
    cost = Money(Decimal(dice.randint(500, 2_000)) / 100, "EUR")
    number = 1_000 * variant_id + place
    return Candidate(
        level_id=number,
        offer_id=number,
        variant_id=variant_id,
        supplier_id=place,
        location_id=place,
        country="DE",
        available=9,
        cost=cost,
        wholesale=cost,
        landed=calculate(wholesale=cost.amount, origin="DE", terms=TERMS, flat_duty=Decimal(0)),
        lead_days=1,
        distance=dice.randint(0, 2),
        days=dice.randint(2, 20),
    )
