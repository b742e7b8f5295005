from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.gate import Facts, LineFacts, reasons_to_hold
from storefront.lib.money import Money


def eur(amount):
    return Money(Decimal(amount), "EUR")


def usd(amount):
    return Money(Decimal(amount), "USD")


LINE = LineFacts(
    title="Ridge 1800", quantity=2, cost_sold=usd("10.00"), cost_now=usd("10.00"), reported_now=2
)
GOOD = Facts(
    address_problems=(),
    supplier_is_active=True,
    lines=(LINE,),
    carrier_service="CJPacket",
    routes=frozenset({"CJPacket"}),
    battery_is_allowed=True,
    charge_net=eur("40.00"),
    outlay=eur("30.00"),
    secured=eur("49.98"),
    charge=eur("49.98"),
)


def test_nothing_stands_against_a_good_purchase_order():
    assert reasons_to_hold(GOOD) == []


def test_a_supplier_who_cannot_be_asked_for_routes_holds_nothing():
    assert reasons_to_hold(replace(GOOD, routes=None)) == []


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("supplier", replace(GOOD, supplier_is_active=False)),
        ("address", replace(GOOD, address_problems=("city", "postcode"))),
        ("payment", replace(GOOD, secured=eur("49.97"))),
        ("stock", replace(GOOD, lines=(replace(LINE, reported_now=1),))),
        ("cost", replace(GOOD, lines=(replace(LINE, cost_now=None),))),
        ("cost", replace(GOOD, lines=(replace(LINE, cost_now=usd("10.21")),))),
        ("cost", replace(GOOD, lines=(replace(LINE, cost_now=eur("10.00")),))),
        ("battery", replace(GOOD, battery_is_allowed=False)),
        ("route", replace(GOOD, routes=frozenset({"Other"}))),
        ("route", replace(GOOD, routes=frozenset())),
        ("margin", replace(GOOD, outlay=eur("40.01"))),
    ],
)
def test_each_failed_check_is_one_reason_with_a_sentence(code, facts):
    reasons = reasons_to_hold(facts)

    assert [reason.code for reason in reasons] == [code]
    assert reasons[0].sentence.endswith(".")


def test_a_cheaper_cost_and_a_cent_of_rounding_are_no_drift():
    cheaper = replace(LINE, cost_now=usd("9.00"))
    rounded = replace(LINE, cost_now=usd("10.20"))

    assert reasons_to_hold(replace(GOOD, lines=(cheaper, rounded))) == []
