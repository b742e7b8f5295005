from datetime import date

import pytest
from hypothesis import given

from catalog.enums import Basis, Method
from catalog.pricing.breakdown import list_steps, to_json
from catalog.pricing.guards import CurrentPrice
from catalog.pricing.landed_cost import CostTerms
from catalog.pricing.price_calculation import Missing, calculate_price
from catalog.pricing.rounding import Rounding
from tests.factories.pricing import (
    D,
    amounts,
    goods,
    policy,
    price,
    roundings,
    rule,
    terms,
)


@pytest.mark.parametrize(
    ("cost", "known", "changes", "expected"),
    [
        ("20.00", {"tax": "0", "handling": "0", "fee": "0.06"}, {"value": "0.32"}, "32.99"),
        ("8.40", {}, {}, "18.99"),
        ("0.01", {"handling": "0"}, {}, "0.99"),
        ("33.11", {"fee": "0", "tax": "0", "handling": "0"}, {"value": "0"}, "33.99"),
        ("33.99", {"fee": "0", "tax": "0", "handling": "0"}, {"value": "0"}, "33.99"),
        ("33.995", {"fee": "0", "tax": "0", "handling": "0"}, {"value": "0"}, "34.99"),
        (
            "10.00",
            {"fee": "0", "tax": "0", "handling": "0"},
            {"value": "0.50", "ending": "0"},
            "20.00",
        ),
        # a markup is a fraction of the cost, a margin is a fraction of the price
        (
            "10.00",
            {"fee": "0", "tax": "0", "handling": "0"},
            {"value": "0.50", "ending": "0", "method": Method.MARKUP},
            "15.00",
        ),
        (
            "10.00",
            {"fee": "0.10", "tax": "0", "handling": "0"},
            {"value": "0.50", "ending": "0", "step": "0.01", "method": Method.MARKUP},
            "16.67",
        ),
        (
            "10.00",
            {"fee": "0", "tax": "0.20", "handling": "0"},
            {"value": "5", "ending": "0", "method": Method.FIXED},
            "18.00",
        ),
    ],
)
def test_a_price_covers_cost_fees_margin_and_tax_and_is_rounded(cost, known, changes, expected):
    found = price(rule(**changes), cost=cost, known={("*", "*"): terms(**known)})

    assert found.price == D(expected)


@pytest.mark.parametrize(
    ("basis", "method", "value", "expected"),
    [
        (Basis.MSRP, Method.MARKUP, "-0.05", "38.99"),
        (Basis.MSRP, Method.FIXED, "-1.00", "38.99"),
        (Basis.MAP, Method.MARKUP, "0", "30.99"),
    ],
)
def test_a_price_may_be_based_on_map_or_msrp(basis, method, value, expected):
    found = price(
        rule(basis=basis, method=method, value=value), map_amount="30.50", msrp_amount="39.99"
    )

    assert found.price == D(expected)


def test_a_rule_on_msrp_does_not_match_without_one():
    found = price(
        rule(id=1, basis=Basis.MSRP, method=Method.MARKUP, value="0", variant_id=1),
        rule(id=2, number=2),
    )

    assert (found.rule.id, found.price) == (2, D("21.99"))


@pytest.mark.parametrize(
    ("cost", "expected"), [("9.99", "0.40"), ("10", "0.30"), ("99.99", "0.30"), ("100", "0.20")]
)
def test_a_tier_applies_from_its_cost(cost, expected):
    tiers = ((D(10), D("0.30")), (D(100), D("0.20")))

    assert price(rule(value="0.40", tiers=tiers), cost=cost).value == D(expected)


@pytest.mark.parametrize(
    ("step", "ending", "smallest", "amount", "up", "down"),
    [
        ("1", "0.99", "0.01", "19.893", "19.99", "18.99"),
        ("1", "0.95", "0.01", "19.96", "20.95", "19.95"),
        ("1", "0", "0.01", "19.01", "20.00", "19.00"),
        ("5", "4.99", "0.01", "20.00", "24.99", "19.99"),
        ("5", "0", "0.01", "20.00", "20.00", "20.00"),
        ("0.05", "0", "0.01", "1.51", "1.55", "1.50"),
        ("100", "80", "1", "2381", "2480", "2380"),
        ("1", "0.99", "1", "2380.2", "2381", "2380"),
        ("1", "0.99", "0.01", "0.10", "0.99", "0"),
    ],
)
def test_prices_are_rounded_to_their_ending(  # noqa: PLR0917 - one row of the table
    step, ending, smallest, amount, up, down
):
    rounding = Rounding(step=D(step), ending=D(ending), smallest=D(smallest))

    assert (rounding.up(D(amount)), rounding.down(D(amount))) == (D(up), D(down))


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"cost": None}, Missing.COST),
        ({"cost": "0"}, Missing.COST),
        ({"currency": "GBP"}, Missing.RATE),
        ({"cost": "1000001"}, Missing.COST_TOO_HIGH),
        ({"known": {}}, Missing.TERMS),
        ({"origins": ()}, Missing.ORIGIN),
    ],
)
def test_a_missing_input_sets_no_price_and_is_named(changes, missing):
    found = price(**changes)

    assert (found.missing, found.price) == (missing, None)


def test_without_a_rule_there_is_no_price():
    assert price(rule(brand_id=99)).missing == Missing.RULE


@pytest.mark.parametrize(
    ("origins", "country", "on", "duty"),
    [
        (("CN",), "DE", date(2026, 11, 25), "3"),
        (("ES",), "DE", date(2026, 11, 25), "0"),
        (("CN", "ES"), "DE", date(2026, 11, 25), "3"),  # the most expensive origin
        (("CN",), "AZ", date(2026, 11, 25), "0"),
        (("CN",), "AZ DE", date(2026, 11, 25), "3"),  # any destination may require it
        (("CN",), "DE", date(2026, 6, 30), "0"),
        (("CN",), "DE", date(2028, 7, 1), "0"),
    ],
)
def test_items_from_outside_the_eu_pay_the_flat_duty(origins, country, on, duty):
    known = {("*", "*"): CostTerms(tax_rate=D("0.19"))}
    found = calculate_price(
        goods(origins=origins),
        policy=policy(known=known, country=country, on=on),
        current=CurrentPrice(),
    )

    assert (found.landed.duty, found.landed.total) == (D(duty), D("9.2") + D(duty))


def test_each_part_of_the_landed_cost_is_listed():
    known = {
        ("CN", "cj"): terms(
            supplier_fee_rate="0.10",
            supplier_fee_amount="0.50",
            freight_amount="1.20",
            duty_amount="3",
            payment_fee_rate="0.02",
            payment_fee_amount="0.30",
        ),
        ("*", "*"): terms(handling="99"),
    }
    found = calculate_price(
        goods(origins=("CN",)), policy=policy(known=known), current=CurrentPrice()
    )

    amounts_by_step = {step.code: step.amount for step in list_steps(found)}
    assert amounts_by_step["wholesale"] == D("9.2")
    assert amounts_by_step["supplier_fee"] == D("1.42")
    assert (amounts_by_step["freight"], amounts_by_step["duty"]) == (D("1.20"), D(3))
    assert (amounts_by_step["handling"], amounts_by_step["payment_fee"]) == (D(2), D("0.30"))
    assert amounts_by_step["landed"] == D("17.12")
    # 3 % of the price before tax and 2 % of the price with tax
    assert found.landed.fee_rate == D("0.03") + D("0.02") * D("1.19")
    assert amounts_by_step["price"] == found.price == D("31.99")
    assert to_json(found)["steps"][0] == ["wholesale", "9.20", "10 USD"]


@pytest.mark.parametrize(
    ("known", "chosen"),
    [
        ([("*", "*"), ("CN", "*"), ("*", "cj"), ("CN", "cj")], ("CN", "cj")),
        ([("*", "*"), ("CN", "*"), ("*", "cj")], ("*", "cj")),
        ([("*", "*"), ("CN", "*"), ("CN", "other")], ("CN", "*")),
        ([("*", "*"), ("ES", "cj")], ("*", "*")),
    ],
)
def test_the_most_specific_costs_apply(known, chosen):
    marked = {key: terms(handling=str(place)) for place, key in enumerate(known)}
    found = calculate_price(
        goods(origins=("CN",)), policy=policy(known=marked), current=CurrentPrice()
    )

    assert found.landed.handling == known.index(chosen)


@given(low=amounts, more=amounts, rounding=roundings)
def test_a_higher_cost_never_gives_a_lower_price(low, more, rounding):
    step, ending = rounding
    cheap, dear = (
        price(rule(step=step, ending=ending), cost=str(cost)).price for cost in (low, low + more)
    )

    assert cheap <= dear
