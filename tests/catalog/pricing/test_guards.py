import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.enums import Adjustment, Basis, BlockReason, Method
from catalog.pricing.guards import CurrentPrice, PriceGuards
from catalog.pricing.price_calculation import Market, MarketAdjustment, calculate_price
from catalog.pricing.rule_selection import Dynamics
from tests.factories.pricing import (
    D,
    amounts,
    fractions,
    goods,
    maybe,
    policy,
    price,
    roundings,
    rule,
    terms,
)

FLOOR = PriceGuards(floor_margin_rate=D("0.20"))
NEAR = PriceGuards(max_change_per_run=D("0.30"))


@pytest.mark.parametrize(
    ("changes", "expected", "clamps", "stop"),
    [
        # (10 + 2) x 1.19 / (1 - 0.03 - 0.20) = 18.54…
        ({"value": "0.05", "limits": FLOOR}, "18.99", (Adjustment.FLOOR,), None),
        ({"map_amount": "30.00"}, "30.99", (Adjustment.MAP,), None),
        ({"msrp_amount": "21.50"}, "20.99", (Adjustment.MSRP,), None),
        # no ending lies between the floor and the MSRP: use the MSRP
        ({"msrp_amount": "18.60", "limits": FLOOR}, "18.60", (Adjustment.MSRP,), None),
        ({"msrp_amount": "18.00", "limits": FLOOR}, None, (), BlockReason.FLOOR_ABOVE_MSRP),
        ({"map_amount": "30", "msrp_amount": "29"}, None, (), BlockReason.MAP_ABOVE_MSRP),
        ({"value": "0.99"}, None, (), BlockReason.NO_MARGIN),
        ({"limits": PriceGuards(floor_margin_rate=D("0.98"))}, None, (), BlockReason.NO_MARGIN),
        (
            {"basis": Basis.MSRP, "method": Method.FIXED, "value": "-60", "msrp_amount": "60"},
            None,
            (),
            BlockReason.ZERO,
        ),
        ({"method": Method.FIXED, "value": "9999999"}, None, (), BlockReason.TOO_HIGH),
        ({"present": "16.00", "limits": NEAR}, "21.99", (), BlockReason.MOVED_TOO_FAR),
        ({"present": "40.00", "limits": NEAR}, "21.99", (), BlockReason.MOVED_TOO_FAR),
        ({"present": "17.00", "limits": NEAR}, "21.99", (), None),
    ],
)
def test_no_rule_bypasses_a_guard(changes, expected, clamps, stop):
    of_rule = {name: changes.pop(name) for name in ("value", "basis", "method") if name in changes}
    found = price(rule(**of_rule), **changes)

    assert found.verdict.proposed == (expected and D(expected))
    assert (found.verdict.clamps, found.verdict.stop) == (
        clamps or found.verdict.clamps if stop else clamps,
        stop,
    )
    assert (found.price is None) == (stop is not None)


def test_the_daily_change_counts_from_the_price_of_a_day_ago():
    current = CurrentPrice(present=D("20.99"), day_ago=D("15.99"))
    limits = PriceGuards(max_change_per_run=D("0.30"), max_change_per_day=D("0.30"))
    found = calculate_price(goods("10", "EUR"), policy=policy(limits=limits), current=current)

    assert found.verdict.stop == BlockReason.MOVED_TOO_FAR_TODAY


@pytest.mark.parametrize(
    ("present", "cost", "more", "stays"),
    [
        ("40.00", "10", {}, True),
        ("40.00", "90", {}, False),  # a loss at today's cost
        ("40.00", "10", {"map_amount": "55"}, False),
        ("60.00", "10", {"msrp_amount": "25"}, False),
    ],
)
def test_a_current_price_stays_while_it_keeps_all_limits(present, cost, more, stays):
    found = price(
        cost=cost, present=present, limits=PriceGuards(max_change_per_run=D("0.01")), **more
    )

    assert (found.is_stopped, found.is_current_price_allowed) == (True, stays)


FOLLOWING = Dynamics(
    undercut_rate=D("0.02"),
    low_cover_days=7,
    raise_rate=D("0.10"),
    high_cover_days=60,
    lower_rate=D("0.10"),
)


@pytest.mark.parametrize(
    ("market", "expected", "changes"),
    [
        (Market(), "21.99", ()),
        (Market(competitor=D("20.50")), "19.99", (MarketAdjustment.COMPETITOR_PRICE,)),
        (Market(competitor=D("90")), "21.99", ()),
        (
            Market(competitor=D("1.00")),
            "18.99",
            (MarketAdjustment.COMPETITOR_PRICE,),
        ),  # the floor holds
        (Market(cover_days=D(3)), "23.99", (MarketAdjustment.LOW_STOCK,)),
        (Market(cover_days=D(90)), "19.99", (MarketAdjustment.HIGH_STOCK,)),
        (Market(cover_days=D(30)), "21.99", ()),
    ],
)
def test_a_rule_follows_the_market_within_the_guards(market, expected, changes):
    found = price(rule(dynamics=FOLLOWING), market=market, limits=FLOOR)

    assert found.price == D(expected)
    assert tuple(change for change, _ in found.changes) == changes


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    cost=amounts,
    fee=fractions,
    tax=fractions,
    handling=amounts,
    floor=fractions,
    most=st.none() | st.decimals(min_value=D("0.01"), max_value=2, places=2),
    method=st.sampled_from(Method),
    basis=st.sampled_from(Basis),
    value=st.decimals(min_value=0, max_value=D("0.99"), places=4),
    rounding=roundings,
    map_amount=maybe,
    msrp_amount=maybe,
    present=maybe,
    competitor=maybe,
    cover=st.none() | st.decimals(min_value=0, max_value=200, places=1),
)
def test_no_rule_breaks_a_guard(  # noqa: PLR0917 - hypothesis names them
    cost,
    fee,
    tax,
    handling,
    floor,
    most,
    method,
    basis,
    value,
    rounding,
    map_amount,
    msrp_amount,
    present,
    competitor,
    cover,
):
    step, ending = rounding
    asked = rule(
        value=str(value),
        step=step,
        ending=ending,
        method=Method.MARKUP if basis != Basis.COST and method == Method.MARGIN else method,
        basis=basis,
        dynamics=FOLLOWING,
    )
    known = {("*", "*"): terms(fee=str(fee), tax=str(tax), handling=str(handling))}
    limits = PriceGuards(floor_margin_rate=floor, max_change_per_run=most, max_change_per_day=most)
    found = calculate_price(
        goods(cost, "EUR", map_amount=map_amount, msrp_amount=msrp_amount),
        policy=policy(asked, rule(id=2, number=2, value="0.3"), known=known, limits=limits),
        current=CurrentPrice(present=present, day_ago=present),
        market=Market(competitor=competitor, cover_days=cover),
    )

    now = found.price
    assert (now is None) == found.is_stopped
    if now is None:
        return
    assert now > 0
    assert now % D("0.01") == 0
    assert found.landed.margin_rate(now) >= floor - D("1e-20")
    assert now >= found.landed.total
    assert map_amount is None or now >= map_amount
    assert msrp_amount is None or now <= msrp_amount
    assert present is None or most is None or abs(now - present) <= most * present
