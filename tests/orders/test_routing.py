from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.landing import land
from orders.routing import Candidate, Misfit, Need, Worse, against, route
from storefront.lib.money import Money
from tests.factories.pricing import terms


def candidate(level_id, variant_id, location_id, available=5, cost="10", **more):
    return Candidate(
        level_id=level_id,
        offer_id=level_id,
        variant_id=variant_id,
        supplier_id=1,
        location_id=location_id,
        country="DE",
        available=available,
        cost=Money(Decimal(cost), "EUR"),
        wholesale=Money(Decimal(cost), "USD"),
        lead_days=2,
        **more,
    )


def landed(cost, *, flat_duty=0):
    by_law = replace(terms(handling="0"), duty_amount=None)
    return land(wholesale=Decimal(cost), origin="", terms=by_law, flat_duty=Decimal(flat_duty))


def test_one_parcel_is_preferred_to_two_cheaper_ones():
    needs = [Need(variant_id=1, quantity=1), Need(variant_id=2, quantity=1)]
    candidates = [
        candidate(1, 1, location_id=10, cost="5"),
        candidate(2, 2, location_id=20, cost="5"),
        candidate(3, 1, location_id=30, cost="9"),
        candidate(4, 2, location_id=30, cost="9"),
    ]

    plan = route(needs=needs, candidates=candidates)

    assert [parcel.location_id for parcel in plan.parcels] == [30]
    assert plan.missing == {}


def test_the_cheaper_of_two_equal_locations_is_taken():
    needs = [Need(variant_id=1, quantity=1)]
    candidates = [candidate(1, 1, 10, cost="9"), candidate(2, 1, 20, cost="8")]

    plan = route(needs=needs, candidates=candidates)

    assert plan.parcels[0].lines[0].candidate.level_id == 2


def test_what_lands_cheapest_is_taken_and_a_flat_duty_counts_once_a_line():
    across = candidate(1, 1, 10, available=20, cost="8", landed=landed("8", flat_duty=3))
    near = candidate(2, 1, 20, available=20, cost="9", landed=landed("9"))
    unknown = candidate(3, 1, 30, available=20, cost="1")

    def taken(quantity):
        plan = route(
            needs=[Need(variant_id=1, quantity=quantity)], candidates=[unknown, across, near]
        )
        return plan.parcels[0].lines[0].candidate

    assert taken(1) == near  # 9 against 8 + 3
    assert taken(10) == across  # 90 against 80 + 3


def test_each_candidate_that_is_not_taken_says_what_it_is_worse_in():
    taken = candidate(1, 1, 10, landed=landed("8"))

    def why(quantity=1, **known):
        other = candidate(2, 1, 20, **{"landed": landed("8"), **known})
        return against(other, taken=taken, quantity=quantity)

    assert why(landed=None) == Worse.NO_COST
    assert why(landed=landed("8.01")) == Worse.DEARER
    assert why(distance=1) == Worse.FARTHER
    assert why() == Worse.LATER
    assert why(6) == Misfit.TOO_FEW
    assert why(2, minimum=3) == Misfit.BELOW_MINIMUM
    assert why(3, pack=2) == Misfit.NOT_WHOLE_PACKS


def test_what_no_location_can_send_whole_is_missing_with_the_most_that_can_be_had():
    needs = [Need(variant_id=1, quantity=4), Need(variant_id=2, quantity=1)]
    candidates = [
        candidate(1, 1, 10, available=3),
        candidate(2, 1, 20, available=2),
        candidate(3, 2, 20),
    ]

    plan = route(needs=needs, candidates=candidates)

    assert plan.missing == {1: 3}
    assert [line.variant_id for parcel in plan.parcels for line in parcel.lines] == [2]


def test_nothing_to_route_is_an_empty_plan():
    assert route(needs=[], candidates=[]).parcels == ()


def brute_force(needs, candidates):
    """Try every assignment; the best has the fewest locations, then the lowest cost."""
    options = [
        [c for c in candidates if c.variant_id == n.variant_id and c.available >= n.quantity]
        for n in needs
    ]
    best = None
    for choice in product(*options):
        cost = sum(c.cost.amount * n.quantity for n, c in zip(needs, choice, strict=True))
        score = (len({c.location_id for c in choice}), cost)
        best = score if best is None or score < best else best
    return best


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_plan_is_as_good_as_the_best_of_all_assignments(data):
    variants = data.draw(st.integers(1, 4))
    candidates = [
        candidate(
            100 * variant + location,
            variant,
            location,
            available=data.draw(st.integers(0, 3)),
            cost=str(data.draw(st.integers(1, 20))),
        )
        for variant in range(1, variants + 1)
        for location in range(1, 5)
    ]
    wanted = [
        Need(variant_id=v, quantity=data.draw(st.integers(1, 3))) for v in range(1, variants + 1)
    ]

    plan = route(needs=wanted, candidates=candidates)

    filled = [need for need in wanted if need.variant_id not in plan.missing]
    chosen = {line.variant_id: line.candidate for parcel in plan.parcels for line in parcel.lines}
    assert set(chosen) == {need.variant_id for need in filled}
    if filled:
        cost = sum(chosen[need.variant_id].cost.amount * need.quantity for need in filled)
        assert (len(plan.parcels), cost) == brute_force(filled, candidates)
