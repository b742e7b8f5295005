from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.claims import claims
from orders.models import SupplierRMA
from orders.returns import refunds, supplier_returns
from orders.returns.supplier_returns import CannotSendBackError
from storefront.lib.money import Money
from storefront.lib.state_machine import IllegalMoveError
from tests.factories.claims import make_claim
from tests.factories.returns import bring_back, declare, make_delivered, make_policy
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def came_back(quantity=2, **policy):
    make_policy(**{"takes_back": True, "restocking_percent": "12.50", **policy})
    made = declare(make_delivered(quantity=3), quantity)
    bring_back(made)
    return made


def open_for(made):
    return supplier_returns.open_for(authorization=made, actor="ann", now=NOON)


def walk(rma, *states):
    for to in states:
        supplier_returns.go_on(rma=rma, to=to, reason="supplier replied", actor="ann", now=NOON)
    return rma


def credit(rma, amount):
    supplier_returns.credit(
        rma=rma, amount=Money(Decimal(amount), "EUR"), reason="wired", actor="ann", now=NOON
    )


def test_the_expected_credit_is_cost_less_the_fee():
    rma = open_for(came_back(quantity=2))

    assert (rma.fee_amount, rma.expected_amount) == (Decimal("2.50"), Decimal("17.50"))
    assert SupplierRMA.objects.owed() == {"EUR": Decimal("17.50")}


def test_the_refund_does_not_depend_on_the_supplier():
    made = came_back()
    walk(open_for(made), "requested", "denied")

    refunds.refund(authorization=made, actor="ann", now=NOON)

    assert made.status == "refunded"
    assert SupplierRMA.objects.owed() == {}


def test_it_can_be_opened_again_after_a_denial():
    made = came_back()
    first = open_for(made)

    with pytest.raises(CannotSendBackError):
        open_for(made)
    walk(first, "requested", "denied")

    assert open_for(made) != first


def test_a_credit_is_recorded_once_and_may_exceed_the_expected():
    rma = walk(open_for(came_back()), "requested", "authorized", "shipped", "received")

    credit(rma, "18.00")
    with pytest.raises(IllegalMoveError):
        credit(rma, "18.00")

    assert (rma.status, rma.credited_amount, rma.recorded_by) == (
        "credited",
        Decimal("18.00"),
        "ann",
    )
    assert SupplierRMA.objects.owed() == {}
    with pytest.raises(IntegrityError), transaction.atomic():
        SupplierRMA.objects.update(recorded_by="")


def test_a_unit_is_in_a_claim_or_a_supplier_return():
    made = came_back(quantity=2)
    open_for(made)
    purchase_order = made.purchase_order

    assert list(claims.claimable(purchase_order).values()) == [1]
    with pytest.raises(claims.CannotClaimError):
        make_claim(purchase_order, units=2)
    make_claim(purchase_order, units=1)
    (line,) = purchase_order.lines.all()
    with pytest.raises(CannotSendBackError):
        supplier_returns.open_alone(
            purchase_order=purchase_order, units={line.pk: 1}, actor="ann", now=NOON
        )


def test_items_can_go_back_without_a_customer_return():
    order = make_delivered(quantity=3)
    purchase_order = order.purchase_orders.get()
    (line,) = purchase_order.lines.all()

    rma = supplier_returns.open_alone(
        purchase_order=purchase_order, units={line.pk: 3}, actor="ann", now=NOON
    )

    assert (rma.authorization, rma.expected_amount) == (None, Decimal("30.00"))


@pytest.mark.parametrize("units", [{}, {0: 1}, {"line": 0}, {"line": 4}])
def test_invalid_units_are_refused(units):
    purchase_order = make_delivered(quantity=3).purchase_orders.get()
    line = purchase_order.lines.get().pk
    units = {line if key == "line" else key: n for key, n in units.items()}

    with pytest.raises(CannotSendBackError):
        supplier_returns.open_alone(purchase_order=purchase_order, units=units, actor="a", now=NOON)


def test_a_supplier_without_returns_owes_nothing():
    made = came_back(takes_back=False)

    with pytest.raises(CannotSendBackError):
        open_for(made)


def test_missing_units_are_not_sent_on():
    make_policy(takes_back=True)
    made = declare(make_delivered(quantity=1), 1)
    bring_back(made, state="missing")

    with pytest.raises(CannotSendBackError):
        open_for(made)
