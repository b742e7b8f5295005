"""Promotion engine: discounts to the cent, and not below the floor unless allowed."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.totals import ShippingCharge
from orders.promotions.engine import (
    Kind,
    LineItem,
    PromotionRejection,
    PromotionRule,
    allocate_within,
    choose_best,
)
from storefront.lib.money import Money

KEYS = frozenset(range(1, 10))
CENTS = st.integers(min_value=0, max_value=200_000)


def eur(amount):
    return Money(Decimal(amount), "EUR")


def good(key=1, unit="50.00", quantity=1, floor="0.00", **ids):
    known = {"product_id": key, "category_id": 1, "brand_id": 1, **ids}
    lowest = None if floor is None else eur(floor)
    return LineItem(key=key, unit=eur(unit), quantity=quantity, floor=lowest, **known)


def percent(share="0.10", **more):
    facts = {"id": 1, "name": "Autumn", "kind": Kind.PERCENT, "percent": Decimal(share)}
    return PromotionRule(**{**facts, **more})


def amount(worth="10.00", **more):
    facts = {"id": 2, "name": "Ten off", "kind": Kind.AMOUNT, "amount": eur(worth)}
    return PromotionRule(**{**facts, **more})


def free_delivery(**more):
    return PromotionRule(**{"id": 3, "name": "Free way", "kind": Kind.FREE_DELIVERY, **more})


def bundle(buy=2, get=1, **more):
    facts = {"id": 4, "name": "Three for two", "kind": Kind.BUY_X_GET_Y, "buy": buy, "get": get}
    return PromotionRule(**{**facts, **more})


def off(goods, *offers, delivery="5.00"):
    return choose_best(items=goods, shipping_charges=[way(delivery, *goods)], offers=offers)


def way(amount, *goods):
    return ShippingCharge(
        amount=eur(amount), line_fractions={good.key: Fraction(1) for good in goods}
    )


def saved(outcome):
    return [str(each.amount.amount) for each in outcome.applied]


def test_a_percentage_is_rounded_per_line():
    outcome = off([good(1, "9.99"), good(2, "0.05")], percent("0.15"))

    assert outcome.deductions.lines == {1: eur("1.50"), 2: eur("0.01")}


def test_an_amount_is_allocated_to_the_cent():
    outcome = off([good(1, "10.00"), good(2, "10.00"), good(3, "10.00")], amount("10.00"))

    assert outcome.deductions.lines == {1: eur("3.34"), 2: eur("3.33"), 3: eur("3.33")}


def test_the_cheapest_of_each_full_group_is_free():
    goods = [good(1, "30.00", quantity=3), good(2, "20.00", quantity=2), good(3, "10.00")]

    assert off(goods, bundle()).deductions.lines == {1: eur("30.00"), 2: eur(0), 3: eur("10.00")}


TIGHT = [good(1, "50.00", floor="48.00"), good(2, "50.00", floor="10.00")]


@pytest.mark.parametrize(
    ("goods", "offer", "taken"),
    [
        ([good(unit="4.00")], amount("10.00"), ["4.00"]),
        ([good(quantity=2)], bundle(), []),
        ([good(quantity=2, floor="48.00")], percent("0.50"), ["4.00"]),
        ([good(floor="48.00")], percent("0.50", may_go_below_floor=True), ["25.00"]),
        (TIGHT, amount("10.00"), ["10.00"]),
    ],
    ids=["capped", "group not full", "lowest margin", "below the floor", "where margins allow"],
)
def test_a_discount_stays_within_items_groups_and_margins(goods, offer, taken):
    assert saved(off(goods, offer)) == taken


@pytest.mark.parametrize(
    ("item", "offer", "delivery", "why"),
    [
        (good(floor=None), percent(code="A"), "5.00", PromotionRejection.BELOW_MIN_MARGIN),
        (good(), free_delivery(code="A"), "0.00", PromotionRejection.NOT_APPLICABLE),
    ],
    ids=["unknown floor", "free shipping"],
)
def test_a_code_without_a_discount_is_rejected(item, offer, delivery, why):
    outcome = off([item], offer, delivery=delivery)

    assert (saved(outcome), outcome.refused) == ([], {"A": why})


def test_free_shipping_must_be_covered_by_the_items():
    paid = off([good(unit="50.00", floor="45.00")], free_delivery(code="SHIP"))
    unpaid = off([good(unit="50.00", floor="45.01")], free_delivery(code="SHIP"))

    assert (paid.deductions.is_delivery_free, saved(paid)) == (True, ["5.00"])
    assert (saved(unpaid), unpaid.refused) == ([], {"SHIP": PromotionRejection.BELOW_MIN_MARGIN})


def test_each_parcel_covers_its_own_shipping():
    poor, rich = good(1, "10.00", floor="10.00"), good(2, "40.00", floor="20.00")

    outcome = choose_best(
        items=[poor, rich],
        shipping_charges=[way("5.00", poor), way("5.00", rich)],
        offers=[free_delivery(code="SHIP")],
    )

    assert (saved(outcome), outcome.refused) == ([], {"SHIP": PromotionRejection.BELOW_MIN_MARGIN})


def test_margin_used_by_a_discount_does_not_cover_shipping():
    goods = [good(unit="50.00", floor="45.00")]

    outcome = off(goods, amount("3.00", combines=True), free_delivery(code="S", combines=True))

    assert (saved(outcome), outcome.refused) == (
        ["3.00"],
        {"S": PromotionRejection.BELOW_MIN_MARGIN},
    )


def test_scopes_match_product_category_or_brand():
    goods = [good(1, category_id=7), good(2, brand_id=8), good(3), good(4)]
    offer = percent(categories=frozenset({7}), brands=frozenset({8}), products=frozenset({3}))

    taken = off(goods, offer).deductions.lines

    assert taken == {1: eur("5.00"), 2: eur("5.00"), 3: eur("5.00"), 4: eur(0)}


def test_a_minimum_counts_all_items():
    offer = percent(code="BIG", minimum=eur("100.00"))

    assert off([good(quantity=1)], offer).refused == {"BIG": PromotionRejection.BELOW_MINIMUM}
    assert saved(off([good(quantity=2)], offer)) == ["10.00"]


def test_combining_promotions_apply_by_priority():
    first = amount("10.00", combines=True, priority=1)
    then = percent("0.10", combines=True, priority=2)

    assert saved(off([good(unit="50.00")], then, first)) == ["10.00", "4.00"]


def test_the_best_of_exclusive_promotions_wins_and_the_other_is_rejected():
    outcome = off([good(unit="50.00")], percent("0.10", code="P"), amount("20.00", code="A"))

    assert (saved(outcome), outcome.refused) == (["20.00"], {"P": PromotionRejection.NOT_COMBINED})


@given(CENTS, st.dictionaries(st.integers(1, 9), CENTS, max_size=6))
def test_allocated_parts_sum_up_within_their_limits(cents, weights):
    over = {key: Money.from_minor(weight, "EUR") for key, weight in weights.items()}

    parts = allocate_within(Money.from_minor(cents, "EUR"), over)

    assert sum(part.minor for part in parts.values()) == min(cents, sum(weights.values()))
    assert all(Money.zero("EUR") <= parts[key] <= over[key] for key in over)


@st.composite
def offers(draw):
    more = {
        "combines": draw(st.booleans()),
        "priority": draw(st.integers(0, 3)),
        "may_go_below_floor": draw(st.booleans()),
        "minimum": draw(st.none() | st.builds(lambda c: Money.from_minor(c, "EUR"), CENTS)),
        "products": draw(st.frozensets(st.integers(1, 4), max_size=2)),
    }
    kinds = [
        lambda n: percent(draw(st.decimals("0.01", 1, places=2)), id=n, **more),
        lambda n: amount(Decimal(draw(CENTS)) / 100, id=n, **more),
        lambda n: free_delivery(id=n, **more),
        lambda n: bundle(draw(st.integers(1, 3)), draw(st.integers(1, 3)), id=n, **more),
    ]
    return draw(st.sampled_from(kinds))(draw(st.integers(1, 99)))


@st.composite
def goods(draw):
    made = []
    for key in range(1, draw(st.integers(1, 4)) + 1):
        unit = Decimal(draw(st.integers(1, 20_000))) / 100
        floor = draw(st.none() | st.integers(0, 20_000).map(lambda c: Decimal(c) / 100))
        made.append(good(key, unit, quantity=draw(st.integers(1, 9)), floor=floor))
    return made


@given(goods(), st.lists(offers(), max_size=5, unique_by=lambda offer: offer.id), CENTS)
def test_promotions_do_not_go_below_the_floor_unless_allowed(goods, offers, way):
    delivery = Money.from_minor(way, "EUR")

    outcome = choose_best(
        items=goods,
        shipping_charges=[
            ShippingCharge(amount=delivery, line_fractions=dict.fromkeys(KEYS, Fraction(1)))
        ],
        offers=offers,
    )

    taken = outcome.deductions.lines
    granted = Money.total((each.amount for each in outcome.applied), "EUR")
    free = delivery if outcome.deductions.is_delivery_free else eur(0)
    assert granted == Money.total(taken.values(), "EUR") + free
    for each in goods:
        assert eur(0) <= taken.get(each.key, eur(0)) <= each.amount
    if not any(each.offer.may_go_below_floor for each in outcome.applied):
        spare = eur(0)
        for each in goods:
            lowest = each.amount if each.floor is None else each.floor * each.quantity
            left = each.amount - taken.get(each.key, eur(0))
            assert left >= min(lowest, each.amount)
            spare += max(left - lowest, eur(0))
        assert free <= spare
