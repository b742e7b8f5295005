from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.pricing.margins import Account
from orders.purchasing.holds.rules import (
    CHECKS,
    Facts,
    LineFacts,
    Reason,
    is_waived,
    reasons_to_hold,
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
    cost_sold=usd("10.00"),
    cost_now=usd("10.00"),
    reported_now=2,
    lacks={},
)
LOSING = Account(net=eur("18.48"), costs=(("wholesale", Decimal(16)), ("duty", Decimal("2.50"))))
GOOD = Facts(
    address_problems=(),
    supplier_is_active=True,
    lines=(LINE,),
    carrier_service="CJPacket",
    routes=frozenset({"CJPacket"}),
    battery_is_allowed=True,
    account=Account(net=eur("40.00"), costs=(("wholesale", Decimal(27)), ("freight", Decimal(3)))),
    missing_rates=(),
    missing_terms="",
    secured=eur("49.98"),
    charge=eur("49.98"),
)


def test_a_valid_purchase_order_has_no_hold_reason():
    assert reasons_to_hold(GOOD) == []


def test_unknown_routes_do_not_hold():
    assert reasons_to_hold(replace(GOOD, routes=None)) == []


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("supplier", replace(GOOD, supplier_is_active=False)),
        ("address", replace(GOOD, address_problems=("city", "postcode"))),
        ("payment", replace(GOOD, secured=eur("49.97"))),
        ("balance", replace(GOOD, balance=usd("19.99"), price=usd("20.00"))),
        ("stock", replace(GOOD, lines=(replace(LINE, reported_now=1),))),
        ("cost", replace(GOOD, lines=(replace(LINE, cost_now=None),))),
        ("cost", replace(GOOD, lines=(replace(LINE, cost_now=usd("10.21")),))),
        ("cost", replace(GOOD, lines=(replace(LINE, cost_now=eur("10.00")),))),
        ("evidence", replace(GOOD, lines=(replace(LINE, lacks={"ce": "CE declaration"}),))),
        ("restricted", replace(GOOD, lines=(replace(LINE, forbidden_in="FR"),))),
        ("battery", replace(GOOD, battery_is_allowed=False)),
        ("route", replace(GOOD, routes=frozenset({"Other"}))),
        ("no_way", replace(GOOD, routes=frozenset())),
        ("margin", replace(GOOD, account=replace(GOOD.account, net=eur("29.99")))),
        ("margin", replace(GOOD, account=None, missing_terms="goods of cj from CN")),
        ("margin", replace(GOOD, lines=(replace(LINE, account=LOSING),))),
        ("rate", replace(GOOD, account=None, missing_rates=("USD-EUR",))),
    ],
)
def test_each_failed_check_is_one_reason_with_a_sentence(code, facts):
    reasons = reasons_to_hold(facts)

    assert [reason.code for reason in reasons] == [code]
    assert code in CHECKS
    assert reasons[0].sentence.endswith(".")


def test_a_lower_cost_and_rounding_do_not_hold():
    cheaper = replace(LINE, cost_now=usd("9.00"))
    rounded = replace(LINE, cost_now=usd("10.20"))

    assert reasons_to_hold(replace(GOOD, lines=(cheaper, rounded))) == []


def test_a_loss_reason_has_its_figures():
    (reason,) = reasons_to_hold(replace(GOOD, lines=(replace(LINE, account=LOSING),)))

    assert reason.sentence == (
        "Ridge 1800 was sold at a loss of 0.02 EUR: 18.48 EUR before tax, costs 18.50 EUR"
        " (wholesale 16.00, duty 2.50)."
    )
    assert (reason.subject, reason.amount) == ("RIDGE-1800", eur("0.02"))


def test_a_loss_reason_names_the_promotions():
    line = replace(LINE, account=LOSING, discount=eur("4.00"))
    off = ("Autumn (LEAVES-10): 4.00 EUR off",)

    of_line, of_parcel = reasons_to_hold(
        replace(GOOD, account=LOSING, lines=(line,), promotions=off)
    )

    assert "Discount: 4.00 EUR. Promotions on the order: Autumn (LEAVES-10)" in (of_line.sentence)
    assert of_parcel.sentence.endswith("Promotions on the order: Autumn (LEAVES-10): 4.00 EUR off.")
    (other,) = reasons_to_hold(replace(GOOD, lines=(replace(line, discount=None),), promotions=off))
    assert "Autumn" not in other.sentence


def test_a_loss_under_half_a_cent_does_not_hold():
    account = replace(LOSING, net=eur("18.4951"))

    assert reasons_to_hold(replace(GOOD, account=account)) == []


SEEN = Reason("cost", "It costs more.", subject="A", amount=usd("10.50"))


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
    assert is_waived(reason, [SEEN.kept()]) is waived


def test_a_reason_without_amount_is_waived_by_code_and_subject():
    reason = Reason("battery", "It may not fly.")

    assert is_waived(reason, [reason.kept()])
    assert not is_waived(reason, [])


@pytest.mark.parametrize(
    ("seen", "later"),
    [
        (replace(GOOD, address_problems=("city",)), replace(GOOD, address_problems=("postcode",))),
        (
            replace(GOOD, lines=(replace(LINE, reported_now=1),)),
            replace(GOOD, lines=(replace(LINE, reported_now=0),)),
        ),
        (
            replace(GOOD, battery_is_allowed=False),
            replace(GOOD, battery_is_allowed=False, carrier_service="Other", routes=None),
        ),
        (replace(GOOD, routes=frozenset({"Other"})), replace(GOOD, routes=frozenset({"Third"}))),
        (
            replace(GOOD, account=None, missing_terms="goods of cj from CN"),
            replace(GOOD, account=None, missing_terms="goods of lumen from DE"),
        ),
    ],
)
def test_a_waiver_does_not_cover_another_fault_of_the_same_code(seen, later):
    (reason,), (other,) = reasons_to_hold(seen), reasons_to_hold(later)

    assert reason.code == other.code
    assert is_waived(reason, [reason.kept()])
    assert not is_waived(other, [reason.kept()])
