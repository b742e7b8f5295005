"""A line that no place has whole comes from several: the fewest, and of these the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.pricing.landed_cost import land
from orders.enums import Criterion
from orders.routing import decision_log, line_splitting
from orders.routing.candidates import Candidate, Need
from orders.routing.engine import route
from orders.routing.margin_filter import Sold, Unearning
from orders.routing.ranking import Rules
from storefront.lib.money import Money
from suppliers.inventory import sellable_units
from suppliers.inventory.channel_supply import OfferedSupply, Shelf, best
from suppliers.shipping_services.selection import Load
from tests.factories.pricing import costing, terms
from tests.factories.suppliers import NOON

TWO, THREE = Rules(most_places=2), Rules(most_places=3)


def eur(amount):
    return Money(Decimal(amount), "EUR")


def lying(level_id, available, *, variant_id=1, at=None, of=None, cost="10", **more):
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
        landed=land(
            wholesale=Decimal(cost), origin="", terms=terms(handling="0"), flat_duty=Decimal(0)
        ),
        **more,
    )


def parts(plan, variant_id=1):
    return [(part.candidate.level_id, part.quantity) for part in plan.planned.get(variant_id, ())]


def ask(*candidates, quantity, rules=TWO, **more):
    need = Need(variant_id=1, quantity=quantity, **more)
    return route(needs=[need], candidates=candidates, rules=rules)


def test_six_here_and_four_there_are_ten():
    here, there = lying(1, 6), lying(2, 4)

    assert parts(ask(here, there, quantity=10)) == [(1, 6), (2, 4)]
    assert ask(here, there, quantity=10, rules=Rules()).missing == {1: 6}
    assert ask(here, there, quantity=11).missing == {1: 10}
    assert ask(here, there, quantity=11).instead == {}
    assert parts(ask(here, there, quantity=6)) == [(1, 6)]  # one has them: nothing is divided


def test_the_cheaper_gives_all_that_it_has_and_no_more_places_are_asked_than_needed():
    dear, cheap, small = lying(1, 6, cost="12"), lying(2, 6, cost="9"), lying(3, 1, cost="1")

    assert parts(ask(dear, cheap, small, quantity=8, rules=THREE)) == [(1, 2), (2, 6)]
    assert parts(ask(dear, cheap, small, quantity=13, rules=THREE)) == [(1, 6), (2, 6), (3, 1)]


def test_never_more_than_is_listed_is_had_from_all_together():
    rows = lying(1, 6), lying(2, 4)

    assert ask(*rows, quantity=9, most=8).missing == {1: 8}
    assert parts(ask(*rows, quantity=8, most=8)) == [(1, 6), (2, 2)]


def test_one_supplier_is_not_asked_twice_for_one_line_whatever_his_warehouses_hold():
    assert ask(lying(1, 6, of=7), lying(2, 4, of=7), quantity=10).missing == {1: 6}
    assert ask(lying(1, 6, at=7), lying(2, 4, at=7), quantity=10).missing == {1: 6}


def test_a_place_that_sends_something_anyhow_is_asked_before_a_cheaper_one():
    needs = [Need(variant_id=1, quantity=10), Need(variant_id=2, quantity=1)]
    rows = [lying(1, 6), lying(2, 4, cost="9"), lying(3, 4, cost="12")]
    rows.append(lying(4, 1, variant_id=2, at=3))

    assert parts(route(needs=needs, candidates=rows, rules=TWO)) == [(1, 6), (3, 4)]
    by_cost = Rules(chain=(Criterion.COST, Criterion.PARCELS), most_places=2)
    assert parts(route(needs=needs, candidates=rows, rules=by_cost)) == [(1, 6), (2, 4)]


def test_the_other_lines_join_the_parcels_of_a_divided_one():
    needs = [Need(variant_id=1, quantity=10), Need(variant_id=2, quantity=1)]
    rows = [lying(1, 6), lying(2, 4)]
    rows += [lying(3, 5, variant_id=2, at=9, cost="1"), lying(4, 5, variant_id=2, at=2)]

    plan = route(needs=needs, candidates=rows, rules=TWO)

    assert [parcel.location_id for parcel in plan.parcels] == [1, 2]
    assert parts(plan, 2) == [(4, 1)]


def test_who_would_lose_takes_part_only_where_the_others_have_too_few():
    sold = Sold(gross=eur("50"), tax_rate=Decimal(0))
    losing, one, other = lying(1, 4, cost="11"), lying(2, 3, cost="5"), lying(3, 3, cost="6")

    assert parts(ask(losing, one, other, quantity=5, sold=sold)) == [(2, 3), (3, 2)]
    assert parts(ask(losing, one, quantity=5, sold=sold)) == [(1, 2), (2, 3)]


def test_what_one_place_would_send_at_a_loss_is_divided_where_others_earn():
    sold = Sold(gross=eur("100"), tax_rate=Decimal(0))
    one, other, dear = lying(1, 6, cost="5"), lying(2, 4, cost="6"), lying(3, 20, cost="12")

    plan = ask(one, other, dear, quantity=10, sold=sold)

    assert parts(plan) == [(1, 6), (2, 4)]
    noted = decision_log.note(plan)["lines"]["1"]
    assert {each["level"]: each["verdict"] for each in noted} == {
        1: decision_log.TAKEN,
        2: decision_log.TAKEN,
        3: Unearning.LOSES,
    }
    assert parts(ask(one, dear, quantity=10, sold=sold)) == [(3, 10)]  # no way is without a loss
    assert parts(ask(one, other, dear, quantity=10, sold=sold, rules=Rules())) == [(3, 10)]


def test_who_earns_little_takes_part_before_who_loses():
    sold = Sold(gross=eur("100"), tax_rate=Decimal(0))
    rows = (
        lying(1, 3, cost="5"),
        lying(2, 7, cost="12"),
        lying(3, 5, cost="9"),
        lying(4, 5, cost="9"),
    )
    rules = Rules(most_places=2, least_margin_rate=Decimal("0.2"))

    assert parts(ask(*rows, quantity=10, sold=sold, rules=rules)) == [(3, 5), (4, 5)]


def test_a_part_that_would_lose_by_itself_is_not_sent_where_one_place_earns_little():
    sold = Sold(gross=eur("100"), tax_rate=Decimal(0))
    fee = land(
        wholesale=Decimal(8),
        origin="",
        terms=replace(terms(handling="0"), duty_amount=None),
        flat_duty=Decimal(3),
    )
    cheap, by_line, whole = lying(1, 9, cost="5"), lying(2, 5, cost="8"), lying(3, 20, cost="9.5")
    by_line = replace(by_line, landed=fee)
    rules = Rules(most_places=2, least_margin_rate=Decimal("0.1"))

    plan = ask(cheap, by_line, whole, quantity=10, sold=sold, rules=rules)

    assert parts(plan) == [(3, 10)]


def test_who_earns_little_sends_all_before_anything_is_divided():
    sold = Sold(gross=eur("100"), tax_rate=Decimal(0))
    rows = [lying(1, 6, cost="5"), lying(2, 4, cost="5"), lying(3, 20, cost="9.2")]
    rules = Rules(most_places=2, least_margin_rate=Decimal("0.2"))

    for order in (rows, rows[::-1]):
        assert parts(ask(*order, quantity=10, sold=sold, rules=rules)) == [(3, 10)]


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 99_999), st.lists(st.integers(1, 4), min_size=2, max_size=3))
def test_what_the_parts_are_sold_for_is_what_the_line_is(cents, units):
    sold = Sold(gross=eur(Decimal(cents) / 100), tax_rate=Decimal("0.19"))
    rows = [lying(number, count) for number, count in enumerate(units, start=1)]

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

    def at_most(self, quantity):
        units = min(self.available, quantity)
        return sellable_units.at_most(units, minimum=self.minimum, pack=self.pack)

    def fits(self, quantity):
        return self.at_most(quantity) == quantity


ROWS = st.lists(
    st.builds(Row, st.integers(1, 4), st.integers(0, 6), st.integers(1, 3), st.integers(1, 3)),
    max_size=5,
)


def all_ways(quantity, rows, places):
    """Yield every way to divide: which rows, in their order, and how many of each."""
    for count in range(2, places + 1):
        for chosen in permutations(range(len(rows)), count):
            if list(chosen) != sorted(chosen) or len({rows[i].supplier_id for i in chosen}) < count:
                continue
            for units in product(range(1, quantity), repeat=count):
                if sum(units) == quantity and all(
                    rows[i].fits(each) for i, each in zip(chosen, units, strict=True)
                ):
                    yield (
                        count,
                        [(i, -each) for i, each in zip(chosen, units, strict=True)],
                    )


@settings(max_examples=500, deadline=None)
@given(st.integers(2, 12), ROWS, st.integers(1, 3))
def test_a_line_is_divided_as_the_best_of_all_ways(quantity, rows, places):
    found = line_splitting.split(quantity, rows, places=places)

    best_way = min(all_ways(quantity, rows, places), default=None)
    if best_way is None:
        assert found == []
        return
    _, expected = best_way
    assert found == [(rows[i], -units) for i, units in expected]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 12), ROWS, st.integers(1, 3))
def test_the_nearest_quantities_are_those_that_can_be_had(quantity, rows, places):
    def can(units):
        return any(one.fits(units) for one in rows) or any(all_ways(units, rows, places))

    most = line_splitting.most(quantity, rows, places=places)
    more = line_splitting.fewest_more(quantity, rows, places=places, top=20)

    assert most == max((units for units in range(1, quantity + 1) if can(units)), default=0)
    divided = [units for units in range(quantity, 21) if any(all_ways(units, rows, places))]
    assert more == min(divided, default=None)


def test_forty_places_of_packs_that_never_add_up_are_given_up_soon():
    rows = [Row(place, 1000, 2, 2) for place in range(40)]

    assert line_splitting.split(4001, rows, places=5) == []


@settings(max_examples=200, deadline=None)
@given(ROWS, st.integers(1, 3))
def test_what_is_published_can_be_had(rows, places):
    told = [
        OfferedSupply(
            cost=eur(9),
            shelves=(Shelf(country="DE", free=row.available, known_at=NOON, location_id=number),),
            supplier_code=str(row.supplier_id),
            load=Load(weight_g=100, cells=()),
            minimum=row.minimum,
            pack=row.pack,
        )
        for number, row in enumerate(rows)
    ]

    published = best(1, told, costing(), routes={}, places=places).available

    candidates = [
        lying(number, row.available, of=row.supplier_id, minimum=row.minimum, pack=row.pack)
        for number, row in enumerate(rows, start=1)
    ]
    possible = [
        quantity
        for quantity in range(1, 31)
        if not ask(*candidates, quantity=quantity, rules=Rules(most_places=places)).missing
    ]
    assert published == max(possible, default=0)
