"""Line splitting: use as few sources as possible, and the best of them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.pricing.landed_cost import calculate
from orders.enums import Criterion
from orders.routing import decision_log, line_splitting
from orders.routing.candidates import Candidate, Need
from orders.routing.engine import route
from orders.routing.margin_filter import MarginReason, SaleAmount
from orders.routing.ranking import Rules
from storefront.lib.money import Money
from suppliers.inventory import sellable_units
from suppliers.inventory.channel_supply import LocationStock, OfferSupply, summarize
from suppliers.shipping_services.selection import ParcelLoad
from tests.factories.pricing import costing, terms
from tests.factories.suppliers import NOON

TWO, THREE = Rules(max_sources=2), Rules(max_sources=3)


def eur(amount):
    return Money(Decimal(amount), "EUR")


HUNDRED = SaleAmount(gross=eur("100"), tax_rate=Decimal(0))


def source(level_id, available, *, variant_id=1, at=None, of=None, cost="10", **more):
    return Candidate(
        level_id=level_id,
        offer_id=level_id,
        variant_id=variant_id,
        supplier_id=of or at or level_id,
        location_id=at or level_id,
        country="DE",
        available=available,
        cost=eur(cost),
        wholesale=eur(cost),
        lead_days=2,
        landed=calculate(
            wholesale=Decimal(cost), origin="", terms=terms(handling="0"), flat_duty=Decimal(0)
        ),
        **more,
    )


def parts(plan, variant_id=1):
    return [(part.candidate.level_id, part.quantity) for part in plan.planned.get(variant_id, ())]


def ask(*candidates, quantity, rules=TWO, **more):
    need = Need(variant_id=1, quantity=quantity, **more)
    return route(needs=[need], candidates=candidates, rules=rules)


def test_ten_units_come_from_six_and_four():
    here, there = source(1, 6), source(2, 4)

    assert parts(ask(here, there, quantity=10)) == [(1, 6), (2, 4)]
    assert ask(here, there, quantity=10, rules=Rules()).missing == {1: 6}
    assert ask(here, there, quantity=11).missing == {1: 10}
    assert ask(here, there, quantity=11).instead == {}
    assert parts(ask(here, there, quantity=6)) == [(1, 6)]  # one source suffices: no split


def test_the_cheapest_source_gives_all_and_the_fewest_sources_are_used():
    dear, cheap, small = source(1, 6, cost="12"), source(2, 6, cost="9"), source(3, 1, cost="1")

    assert parts(ask(dear, cheap, small, quantity=8, rules=THREE)) == [(1, 2), (2, 6)]
    assert parts(ask(dear, cheap, small, quantity=13, rules=THREE)) == [(1, 6), (2, 6), (3, 1)]


def test_all_sources_together_send_at_most_the_listed_quantity():
    rows = source(1, 6), source(2, 4)

    assert ask(*rows, quantity=9, most=8).missing == {1: 8}
    assert parts(ask(*rows, quantity=8, most=8)) == [(1, 6), (2, 2)]


def test_a_line_is_not_split_within_one_supplier():
    assert ask(source(1, 6, of=7), source(2, 4, of=7), quantity=10).missing == {1: 6}
    assert ask(source(1, 6, at=7), source(2, 4, at=7), quantity=10).missing == {1: 6}


def test_a_source_already_used_comes_before_a_cheaper_one():
    needs = [Need(variant_id=1, quantity=10), Need(variant_id=2, quantity=1)]
    rows = [source(1, 6), source(2, 4, cost="9"), source(3, 4, cost="12")]
    rows.append(source(4, 1, variant_id=2, at=3))

    assert parts(route(needs=needs, candidates=rows, rules=TWO)) == [(1, 6), (3, 4)]
    by_cost = Rules(criteria=(Criterion.COST, Criterion.PARCELS), max_sources=2)
    assert parts(route(needs=needs, candidates=rows, rules=by_cost)) == [(1, 6), (2, 4)]


def test_other_lines_join_the_parcels_of_a_split_line():
    needs = [Need(variant_id=1, quantity=10), Need(variant_id=2, quantity=1)]
    rows = [source(1, 6), source(2, 4)]
    rows += [source(3, 5, variant_id=2, at=9, cost="1"), source(4, 5, variant_id=2, at=2)]

    plan = route(needs=needs, candidates=rows, rules=TWO)

    assert [parcel.location_id for parcel in plan.parcels] == [1, 2]
    assert parts(plan, 2) == [(4, 1)]


def test_a_source_at_a_loss_is_used_only_if_needed():
    sold = SaleAmount(gross=eur("50"), tax_rate=Decimal(0))
    losing, one, other = source(1, 4, cost="11"), source(2, 3, cost="5"), source(3, 3, cost="6")

    assert parts(ask(losing, one, other, quantity=5, sold=sold)) == [(2, 3), (3, 2)]
    assert parts(ask(losing, one, quantity=5, sold=sold)) == [(1, 2), (2, 3)]


def test_a_line_is_split_to_avoid_a_loss():
    one, other, dear = source(1, 6, cost="5"), source(2, 4, cost="6"), source(3, 20, cost="12")

    plan = ask(one, other, dear, quantity=10, sold=HUNDRED)

    assert parts(plan) == [(1, 6), (2, 4)]
    noted = decision_log.record(plan)["lines"]["1"]
    assert {each["level"]: each["verdict"] for each in noted} == {
        1: decision_log.SELECTED,
        2: decision_log.SELECTED,
        3: MarginReason.LOSS,
    }
    assert parts(ask(one, dear, quantity=10, sold=HUNDRED)) == [(3, 10)]  # every split loses
    assert parts(ask(one, other, dear, quantity=10, sold=HUNDRED, rules=Rules())) == [(3, 10)]


def test_a_low_margin_comes_before_a_loss():
    rows = (
        source(1, 3, cost="5"),
        source(2, 7, cost="12"),
        source(3, 5, cost="9"),
        source(4, 5, cost="9"),
    )
    rules = Rules(max_sources=2, min_margin_rate=Decimal("0.2"))

    assert parts(ask(*rows, quantity=10, sold=HUNDRED, rules=rules)) == [(3, 5), (4, 5)]


def test_a_part_at_a_loss_is_avoided_by_one_source_of_low_margin():
    fee = calculate(
        wholesale=Decimal(8),
        origin="",
        terms=replace(terms(handling="0"), duty_amount=None),
        flat_duty=Decimal(3),
    )
    cheap, by_line, whole = (
        source(1, 9, cost="5"),
        source(2, 5, cost="8"),
        source(3, 20, cost="9.5"),
    )
    by_line = replace(by_line, landed=fee)
    rules = Rules(max_sources=2, min_margin_rate=Decimal("0.1"))

    plan = ask(cheap, by_line, whole, quantity=10, sold=HUNDRED, rules=rules)

    assert parts(plan) == [(3, 10)]


def test_one_source_of_low_margin_comes_before_a_split():
    rows = [source(1, 6, cost="5"), source(2, 4, cost="5"), source(3, 20, cost="9.2")]
    rules = Rules(max_sources=2, min_margin_rate=Decimal("0.2"))

    for order in (rows, rows[::-1]):
        assert parts(ask(*order, quantity=10, sold=HUNDRED, rules=rules)) == [(3, 10)]


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 99_999), st.lists(st.integers(1, 4), min_size=2, max_size=3))
def test_the_amounts_of_the_parts_sum_to_the_line(cents, units):
    sold = SaleAmount(gross=eur(Decimal(cents) / 100), tax_rate=Decimal("0.19"))
    rows = [source(number, count) for number, count in enumerate(units, start=1)]

    plan = ask(*rows, quantity=sum(units), sold=sold, rules=THREE)

    paid = [part.sold.gross for part in plan.planned[1]]
    assert len(paid) == len(units)
    assert Money.total(paid, "EUR") == sold.gross


@dataclass(frozen=True)
class Row:
    supplier_id: int
    available: int
    minimum: int
    pack: int

    def largest_sellable(self, quantity):
        units = min(self.available, quantity)
        return sellable_units.largest_order(units, minimum=self.minimum, pack=self.pack)

    def fits(self, quantity):
        return self.largest_sellable(quantity) == quantity


ROWS = st.lists(
    st.builds(Row, st.integers(1, 4), st.integers(0, 6), st.integers(1, 3), st.integers(1, 3)),
    max_size=5,
)


def all_splits(quantity, rows, max_sources):
    """Yield every possible split: row indexes in ascending order, with the units of each row."""
    for count in range(2, max_sources + 1):
        for chosen in permutations(range(len(rows)), count):
            if list(chosen) != sorted(chosen) or len({rows[i].supplier_id for i in chosen}) < count:
                continue
            for units in product(range(1, quantity), repeat=count):
                if sum(units) == quantity and all(
                    rows[i].fits(each) for i, each in zip(chosen, units, strict=True)
                ):
                    yield (count, [(i, -each) for i, each in zip(chosen, units, strict=True)])


@settings(max_examples=500, deadline=None)
@given(st.integers(2, 12), ROWS, st.integers(1, 3))
def test_a_split_is_the_best_of_all(quantity, rows, max_sources):
    found = line_splitting.split(quantity, rows, max_sources=max_sources)

    best_split = min(all_splits(quantity, rows, max_sources), default=None)
    if best_split is None:
        assert found == []
        return
    _, expected = best_split
    assert found == [(rows[i], -units) for i, units in expected]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 12), ROWS, st.integers(1, 3))
def test_the_nearest_quantities_are_available(quantity, rows, max_sources):
    def can(units):
        return any(one.fits(units) for one in rows) or any(all_splits(units, rows, max_sources))

    most = line_splitting.max_quantity(quantity, rows, max_sources=max_sources)
    more = line_splitting.min_larger_quantity(quantity, rows, max_sources=max_sources, top=20)

    assert most == max((units for units in range(1, quantity + 1) if can(units)), default=0)
    divided = [units for units in range(quantity, 21) if any(all_splits(units, rows, max_sources))]
    assert more == min(divided, default=None)


def test_a_search_over_forty_sources_of_packs_ends_soon():
    rows = [Row(place, 1000, 2, 2) for place in range(40)]

    assert line_splitting.split(4001, rows, max_sources=5) == []


@settings(max_examples=200, deadline=None)
@given(ROWS, st.integers(1, 3))
def test_published_stock_is_available(rows, max_sources):
    supplies = [
        OfferSupply(
            cost=eur(9),
            locations=(
                LocationStock(country="DE", free=row.available, known_at=NOON, location_id=number),
            ),
            supplier_code=str(row.supplier_id),
            load=ParcelLoad(weight_g=100, cells=()),
            minimum=row.minimum,
            pack=row.pack,
        )
        for number, row in enumerate(rows)
    ]

    published = summarize(1, supplies, costing(), services={}, max_splits=max_sources).available

    candidates = [
        source(number, row.available, of=row.supplier_id, minimum=row.minimum, pack=row.pack)
        for number, row in enumerate(rows, start=1)
    ]
    possible = [
        quantity
        for quantity in range(1, 31)
        if not ask(*candidates, quantity=quantity, rules=Rules(max_sources=max_sources)).missing
    ]
    assert published == max(possible, default=0)
