"""Outside view: read the orders and attempts of both API suppliers."""

import json
from decimal import Decimal

import pytest

from orders.gateways import gateway_for
from storefront.dev.chaos.observations import outside
from storefront.dev.sandboxes.bigbuy import state
from storefront.dev.sandboxes.bigbuy.orders import ACCEPTED, CANCELED, DELIVERED, PACKING, SHIPPED
from storefront.dev.sandboxes.cj import state as cj_state
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.lib.money import Money
from tests.fakes.stripe_server import DECLINED_CARD, GOOD_CARD

LINES = json.dumps([{"quantity": 2}, {"quantity": 1}])


@pytest.fixture
def bigbuy(tmp_path):
    Ledger(tmp_path / "sandbox", cj_state.SCHEMA).close()
    ledger = Ledger(tmp_path / "bigbuy", state.SCHEMA)
    yield ledger
    ledger.close()


def insert_order(ledger, number, *, status=ACCEPTED, at_s=0.0):
    empty = dict.fromkeys(("carrier", "goods", "shipping"), "")
    ledger.insert(
        "orders",
        **empty,
        reference=number,
        status=status,
        lines=LINES,
        created_s=at_s,
        moved_s=at_s,
    )


@pytest.mark.parametrize(
    ("status", "flag"),
    [
        (ACCEPTED, "is_open"),
        (PACKING, "is_open"),
        (SHIPPED, "is_shipped"),
        (DELIVERED, "has_arrived"),
        (CANCELED, "is_canceled"),
    ],
)
def test_bigbuy_statuses_are_mapped_to_those_of_cj(bigbuy, tmp_path, status, flag):
    insert_order(bigbuy, "FL-1-1", status=status)

    (order,) = outside.supplier_orders(tmp_path)

    assert (order.number, order.supplier, order.units) == ("FL-1-1", "bigbuy", 3)
    assert getattr(order, flag)


def test_bigbuy_attempts_are_in_order(bigbuy, tmp_path):
    refused = {"reference": "FL-1-1", "code": "ER008", "fault": ""}
    bigbuy.insert("attempts", at_s=1.0, **refused)
    insert_order(bigbuy, "FL-1-1", at_s=2.0)
    bigbuy.insert("attempts", at_s=3.0, **refused)

    assert [one.is_accepted for one in outside.attempts(tmp_path)] == [False, True, False]


@pytest.mark.django_db(transaction=True)  # for the circuit breaker of the gateway
def test_payment_amounts_are_read_from_the_stripe_sandbox(stripe, tmp_path):
    gateway = gateway_for("stripe")
    (tmp_path / "gateway").symlink_to(stripe.folder)
    stripe.control("account", {"many": True})
    references = []
    for number in range(4):
        opened = gateway.open(
            key=f"k{number}",
            amount=Money(Decimal(20), "EUR"),
            description=f"FL-{number}",
            return_url="http://shop.example/",
            locale="en",
        )
        stripe.pay(opened.pay_url, DECLINED_CARD if number == 0 else GOOD_CARD)
        references.append(opened.reference)
    _declined, _held, taken, voided = references
    gateway.capture(reference=taken, amount=Money(Decimal(15), "EUR"), key="c", is_last=True)
    gateway.refund(reference=taken, amount=Money(Decimal(5), "EUR"), key="r")
    gateway.release(reference=voided, amount=Money(Decimal(20), "EUR"), key="v")

    found = [
        (one.order, one.authorized, one.captured, one.released, one.refunded, one.held)
        for one in outside.gateway_payments(tmp_path)
    ]

    assert [one.payment for one in outside.gateway_payments(tmp_path)] == references
    assert {one.amount for one in outside.gateway_payments(tmp_path)} == {2000}
    assert found == [
        ("FL-0", 0, 0, 0, 0, 0),
        ("FL-1", 2000, 0, 0, 0, 2000),
        ("FL-2", 2000, 1500, 500, 500, 0),
        ("FL-3", 2000, 0, 2000, 0, 0),
    ]
    assert outside.gateway_events(tmp_path) == stripe.events()
