"""Recount: received units can be counted again until they go to the supplier."""

from decimal import Decimal

import pytest

from orders.returns import refunds, supplier_returns
from orders.returns.eligibility import CannotReturnError
from orders.returns.supplier_returns import SupplierReturnError
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    inspect,
    make_delivered,
    make_policy,
    mark_shipped,
    pay,
    receive,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def send_on(made):
    return supplier_returns.open_for_return(authorization=made, actor="ann", now=NOON)


def test_a_count_can_be_corrected_before_and_after_inspection():
    made = declare(make_delivered(quantity=3), 3)

    receive(made, came=1)
    receive(made, came=2)
    inspect(made)
    receive(made, came=3)
    assert made.status == "received"
    inspect(made)
    pay(made)

    assert made.lines.get().accepted_quantity == 3
    with pytest.raises(InvalidTransitionError):
        receive(made, came=1)
    assert made.lines.get().received_quantity == 3


def test_items_sent_to_the_supplier_cannot_be_rejected_or_recounted():
    order = make_delivered(quantity=1)
    make_policy(accepts_returns=True)
    made = declare(order, 1)
    bring_back(made)
    send_on(made)

    with pytest.raises(CannotReturnError, match="supplier already"):
        refunds.reject_received(authorization=made, answer="No.", actor="ann", now=NOON)
    with pytest.raises(CannotReturnError, match="supplier already"):
        receive(made)

    made.refresh_from_db()
    assert (made.status, counters(order)) == ("inspected", [(1, 0)])


def test_received_units_of_a_refunded_return_go_to_the_supplier():
    order = make_delivered(quantity=3)
    make_policy(accepts_returns=True)
    made = declare(order, 3)
    mark_shipped(made)
    pay(made)
    with pytest.raises(SupplierReturnError):
        send_on(made)

    receive(made, came=2)

    assert (made.status, counters(order)) == ("refunded", [(3, 3)])
    assert send_on(made).lines.get().quantity == 2


def test_a_deduction_is_capped_by_the_paid_amount():
    order = make_delivered(make_sellable(price="33.33", quantity=9), quantity=3)
    order.lines.update(discount_amount="0.01")
    made = [declare(order, 1) for _ in range(2)]
    for each in made:
        receive(each)
        inspect(each, deduction="33.33", reason="worn", state="used")

    for each in made:
        pay(each)

    assert [each.lines.get().deduction_amount for each in made] == [
        Decimal("33.33"),
        Decimal("33.32"),
    ]
