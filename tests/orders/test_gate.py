from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.gate import Facts, LineFacts, Reason, is_waived, reasons_to_hold
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
GOOD = Facts(
    address_problems=(),
    supplier_is_active=True,
    lines=(LINE,),
    carrier_service="CJPacket",
    routes=frozenset({"CJPacket"}),
    battery_is_allowed=True,
    charge_net=eur("40.00"),
    outlay=eur("30.00"),
    missing_rates=(),
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
        ("evidence", replace(GOOD, lines=(replace(LINE, lacks={"ce": "CE declaration"}),))),
        ("battery", replace(GOOD, battery_is_allowed=False)),
        ("route", replace(GOOD, routes=frozenset({"Other"}))),
        ("route", replace(GOOD, routes=frozenset())),
        ("margin", replace(GOOD, outlay=eur("40.01"))),
        ("rate", replace(GOOD, outlay=None, missing_rates=("USD-EUR",))),
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
def test_staff_waive_what_they_saw_and_nothing_worse(reason, waived):
    assert is_waived(reason, [SEEN.kept()]) is waived


def test_what_has_no_amount_is_waived_by_its_name():
    reason = Reason("battery", "It may not fly.")

    assert is_waived(reason, [reason.kept()])
    assert not is_waived(reason, [])
