from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from catalog.pricing.rounding import Rounding
from catalog.pricing.rule_selection import Rule, RuleIndex, RuleScope
from tests.factories.catalog import NOON

HOUR = timedelta(hours=1)


def rule(number, **more):
    return Rule(id=number, number=number, value=Decimal("0.3"), rounding=Rounding(), **more)


def wins(*rules, now=NOON):
    place = RuleScope(variant_id=1, product_id=1, category_id=1, brand_id=1, supplier_code="a")
    found = next(iter(RuleIndex(rules, now=now).matching(place)), None)
    return found and found.number


def test_a_timed_rule_applies_in_its_period_and_beats_a_permanent_one():
    steady, sale = rule(1), rule(2, starts_at=NOON, ends_at=NOON + HOUR)

    assert wins(steady, sale, now=NOON - timedelta(seconds=1)) == 1
    assert wins(steady, sale) == 2
    assert wins(steady, sale, now=NOON + HOUR) == 1


def test_the_later_start_wins_then_the_lower_number():
    first = rule(1, starts_at=NOON - HOUR)
    later = rule(3, starts_at=NOON)
    twin = rule(2, starts_at=NOON)

    assert wins(first, later, twin) == 2
    assert wins(twin, later, first) == 2


ids = st.none() | st.integers(1, 2)
scopes = st.fixed_dictionaries(
    {
        "variant_id": ids,
        "product_id": ids,
        "brand_id": ids,
        "category_id": ids,
        "supplier_code": st.sampled_from(["", "a", "b"]),
        "starts_at": st.sampled_from([None, NOON - HOUR, NOON, NOON + HOUR]),
        "ends_at": st.sampled_from([None, NOON, NOON + HOUR]),
    }
)


def weight(rule):
    named = ("variant_id", "product_id", "supplier_code", "brand_id", "category_id")
    return sum(2**place for place, name in enumerate(reversed(named)) if getattr(rule, name))


@given(
    rule_scopes=st.lists(scopes, max_size=12),
    place=st.builds(
        RuleScope,
        variant_id=st.integers(1, 2),
        product_id=st.integers(1, 2),
        brand_id=st.integers(1, 2),
        category_id=st.integers(1, 2),
        supplier_code=st.sampled_from(["a", "b"]),
    ),
)
def test_the_index_finds_what_a_full_scan_finds(rule_scopes, place):
    rules = [rule(number, **scope) for number, scope in enumerate(rule_scopes, start=1)]
    matching = [
        one
        for one in rules
        if one.variant_id in {None, place.variant_id}
        and one.product_id in {None, place.product_id}
        and one.brand_id in {None, place.brand_id}
        and one.category_id in {None, place.category_id}
        and one.supplier_code in {"", place.supplier_code}
        and (one.starts_at is None or one.starts_at <= NOON)
        and (one.ends_at is None or one.ends_at > NOON)
    ]
    by_hand = sorted(
        matching,
        key=lambda one: (
            -weight(one),
            one.starts_at is None and one.ends_at is None,
            -(one.starts_at.timestamp() if one.starts_at else 0),
            one.number,
        ),
    )

    assert list(RuleIndex(rules, now=NOON).matching(place)) == by_hand
