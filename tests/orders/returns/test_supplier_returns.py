from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.claims import claims
from orders.models import SupplierReturn
from orders.returns import supplier_returns
from orders.returns.supplier_returns import SupplierReturnError
from storefront.lib.money import Money
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.claims import make_claim
from tests.factories.returns import bring_back, declare, make_delivered, make_policy, pay
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def inspected_return(quantity=2, **policy):
    make_policy(**{"accepts_returns": True, "restocking_fee_percent": "12.50", **policy})
    made = declare(make_delivered(quantity=3), quantity)
    bring_back(made)
    return made


def open_for(made):
    return supplier_returns.open_for_return(authorization=made, actor="ann", now=NOON)


def record_statuses(supplier_return, *states):
    for to in states:
        supplier_returns.record_status(
            supplier_return=supplier_return, to=to, reason="supplier replied", actor="ann", now=NOON
        )
    return supplier_return


def credit(supplier_return, amount):
    supplier_returns.record_credit(
        supplier_return=supplier_return,
        amount=Money(Decimal(amount), "EUR"),
        reason="wired",
        actor="ann",
        now=NOON,
    )


def test_a_denied_supplier_return_blocks_no_refund_and_can_be_opened_again():
    made = inspected_return()
    first = open_for(made)
    with pytest.raises(SupplierReturnError):
        open_for(made)
    record_statuses(first, "requested", "denied")

    pay(made)

    assert made.status == "refunded"
    assert SupplierReturn.objects.owed() == {}
    assert open_for(made) != first


def test_a_credit_is_recorded_once_and_may_exceed_the_expected():
    supplier_return = open_for(inspected_return(quantity=2))
    assert supplier_return.fee_amount == Decimal("2.50")
    assert supplier_return.expected_amount == Decimal("17.50"), "the cost less the fee"
    assert SupplierReturn.objects.owed() == {"EUR": Decimal("17.50")}
    record_statuses(supplier_return, "requested", "authorized", "shipped", "received")

    credit(supplier_return, "18.00")
    with pytest.raises(InvalidTransitionError):
        credit(supplier_return, "18.00")

    assert (supplier_return.status, supplier_return.recorded_by) == ("credited", "ann")
    assert supplier_return.credited_amount == Decimal("18.00")
    assert SupplierReturn.objects.owed() == {}
    with pytest.raises(IntegrityError), transaction.atomic():
        SupplierReturn.objects.update(recorded_by="")


def test_a_unit_is_in_a_claim_or_a_supplier_return():
    made = inspected_return(quantity=2)
    open_for(made)
    purchase_order = made.purchase_order

    assert list(claims.claimable_units(purchase_order).values()) == [1]
    with pytest.raises(claims.CannotClaimError):
        make_claim(purchase_order, units=2)
    make_claim(purchase_order, units=1)
    (line,) = purchase_order.lines.all()
    with pytest.raises(SupplierReturnError):
        supplier_returns.open_without_return(
            purchase_order=purchase_order, units={line.pk: 1}, actor="ann", now=NOON
        )


def test_items_can_go_back_without_a_customer_return_once():
    purchase_order = make_delivered(quantity=3).purchase_orders.get()
    (line,) = purchase_order.lines.all()
    words = {"units": {line.pk: 3}, "number": supplier_returns.new_number(purchase_order)}

    supplier_return, again = (
        supplier_returns.open_without_return(
            purchase_order=purchase_order, actor="ann", now=NOON, **words
        )
        for _ in range(2)
    )

    assert again == supplier_return, "two clicks"
    assert supplier_return.authorization is None
    assert supplier_return.expected_amount == Decimal("30.00")


def test_invalid_units_are_refused():
    purchase_order = make_delivered(quantity=3).purchase_orders.get()
    line = purchase_order.lines.get().pk

    for units in ({}, {0: 1}, {line: 0}, {line: 4}):
        with pytest.raises(SupplierReturnError):
            supplier_returns.open_without_return(
                purchase_order=purchase_order, units=units, actor="a", now=NOON
            )


@pytest.mark.parametrize(("accepts", "state"), [(False, "as_new"), (True, "missing")])
def test_items_that_the_supplier_does_not_accept_are_not_sent(accepts, state):
    make_policy(accepts_returns=accepts)
    made = declare(make_delivered(quantity=1), 1)
    bring_back(made, state=state)

    with pytest.raises(SupplierReturnError):
        open_for(made)
