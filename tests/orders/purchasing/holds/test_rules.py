from dataclasses import replace
from decimal import Decimal

import pytest

from orders.pricing.margins import Margin
from orders.purchasing.holds.rules import (
    RULE_CODES,
    HoldFacts,
    HoldReason,
    LineFacts,
    evaluate_rules,
    is_waived,
)
from storefront.lib.money import Money


def eur(amount):
    return Money(Decimal(amount), "EUR")


def usd(amount):
    return Money(Decimal(amount), "USD")


LINE = LineFacts(
    sku="RIDGE-1800",
    title="Ridge 1800",
    quantity=2,
    cost_at_sale=usd("10.00"),
    current_cost=usd("10.00"),
    reported_quantity=2,
    missing_certificates={},
)
LOSING = Margin(net=eur("18.48"), costs=(("wholesale", Decimal(16)), ("duty", Decimal("2.50"))))
GOOD = HoldFacts(
    address_problems=(),
    supplier_is_active=True,
    lines=(LINE,),
    carrier_service="CJPacket",
    routes=frozenset({"CJPacket"}),
    battery_is_allowed=True,
    margin=Margin(net=eur("40.00"), costs=(("wholesale", Decimal(27)), ("freight", Decimal(3)))),
    missing_rates=(),
    missing_selling_costs="",
    available_payment=eur("49.98"),
    charge=eur("49.98"),
)


def test_a_valid_purchase_order_has_no_hold_reason():
    assert evaluate_rules(GOOD) == []


def test_unknown_routes_do_not_hold():
    assert evaluate_rules(replace(GOOD, routes=None)) == []


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("supplier", replace(GOOD, supplier_is_active=False)),
        ("address", replace(GOOD, address_problems=("city", "postcode"))),
        ("payment", replace(GOOD, available_payment=eur("49.97"))),
        ("balance", replace(GOOD, balance=usd("19.99"), price=usd("20.00"))),
        ("stock", replace(GOOD, lines=(replace(LINE, reported_quantity=1),))),
        ("cost", replace(GOOD, lines=(replace(LINE, current_cost=None),))),
        ("cost", replace(GOOD, lines=(replace(LINE, current_cost=usd("10.21")),))),
        ("cost", replace(GOOD, lines=(replace(LINE, current_cost=eur("10.00")),))),
        (
            "certificate",
            replace(GOOD, lines=(replace(LINE, missing_certificates={"ce": "CE declaration"}),)),
        ),
        ("restricted", replace(GOOD, lines=(replace(LINE, restricted_in="FR"),))),
        ("battery", replace(GOOD, battery_is_allowed=False)),
        ("route", replace(GOOD, routes=frozenset({"Other"}))),
        ("no_shipping_method", replace(GOOD, routes=frozenset())),
        ("margin", replace(GOOD, margin=replace(GOOD.margin, net=eur("29.99")))),
        ("margin", replace(GOOD, margin=None, missing_selling_costs="goods of cj from CN")),
        ("margin", replace(GOOD, lines=(replace(LINE, margin=LOSING),))),
        ("rate", replace(GOOD, margin=None, missing_rates=("USD-EUR",))),
    ],
)
def test_each_failed_check_is_one_reason_with_a_sentence(code, facts):
    reasons = evaluate_rules(facts)

    assert [reason.code for reason in reasons] == [code]
    assert code in RULE_CODES
    assert reasons[0].sentence.endswith(".")


def test_a_lower_cost_and_rounding_do_not_hold():
    cheaper = replace(LINE, current_cost=usd("9.00"))
    rounded = replace(LINE, current_cost=usd("10.20"))

    assert evaluate_rules(replace(GOOD, lines=(cheaper, rounded))) == []


def test_a_loss_reason_has_its_figures():
    (reason,) = evaluate_rules(replace(GOOD, lines=(replace(LINE, margin=LOSING),)))

    assert reason.sentence == (
        "Ridge 1800 was sold at a loss of 0.02 EUR: 18.48 EUR before tax, costs 18.50 EUR"
        " (wholesale 16.00, duty 2.50)."
    )
    assert (reason.subject, reason.amount) == ("RIDGE-1800", eur("0.02"))


def test_a_loss_reason_names_the_promotions():
    line = replace(LINE, margin=LOSING, discount=eur("4.00"))
    off = ("Autumn (LEAVES-10): 4.00 EUR off",)

    of_line, of_parcel = evaluate_rules(replace(GOOD, margin=LOSING, lines=(line,), promotions=off))

    assert "Discount: 4.00 EUR. Promotions on the order: Autumn (LEAVES-10)" in (of_line.sentence)
    assert of_parcel.sentence.endswith("Promotions on the order: Autumn (LEAVES-10): 4.00 EUR off.")
    (other,) = evaluate_rules(replace(GOOD, lines=(replace(line, discount=None),), promotions=off))
    assert "Autumn" not in other.sentence


def test_a_loss_under_half_a_cent_does_not_hold():
    margin = replace(LOSING, net=eur("18.4951"))

    assert evaluate_rules(replace(GOOD, margin=margin)) == []


SEEN = HoldReason("cost", "It costs more.", subject="A", amount=usd("10.50"))


@pytest.mark.parametrize(
    ("reason", "waived"),
    [
        (SEEN, True),
        (replace(SEEN, amount=usd("10.49")), True),
        (replace(SEEN, amount=usd("10.51")), False),
        (replace(SEEN, amount=eur("10.50")), False),
        (replace(SEEN, amount=None), False),
        (replace(SEEN, subject="B"), False),
        (replace(SEEN, code="margin"), False),
    ],
)
def test_a_waiver_covers_the_same_or_a_lower_amount(reason, waived):
    assert is_waived(reason, [SEEN.to_json()]) is waived


def test_a_reason_without_amount_is_waived_by_code_and_subject():
    reason = HoldReason("battery", "It may not fly.")

    assert is_waived(reason, [reason.to_json()])
    assert not is_waived(reason, [])


@pytest.mark.parametrize(
    ("seen", "later"),
    [
        (replace(GOOD, address_problems=("city",)), replace(GOOD, address_problems=("postcode",))),
        (
            replace(GOOD, lines=(replace(LINE, reported_quantity=1),)),
            replace(GOOD, lines=(replace(LINE, reported_quantity=0),)),
        ),
        (
            replace(GOOD, battery_is_allowed=False),
            replace(GOOD, battery_is_allowed=False, carrier_service="Other", routes=None),
        ),
        (replace(GOOD, routes=frozenset({"Other"})), replace(GOOD, routes=frozenset({"Third"}))),
        (
            replace(GOOD, margin=None, missing_selling_costs="goods of cj from CN"),
            replace(GOOD, margin=None, missing_selling_costs="goods of lumen from DE"),
        ),
    ],
)
def test_a_waiver_does_not_cover_another_fault_of_the_same_code(seen, later):
    (reason,), (other,) = evaluate_rules(seen), evaluate_rules(later)

    assert reason.code == other.code
    assert is_waived(reason, [reason.to_json()])
    assert not is_waived(other, [reason.to_json()])
