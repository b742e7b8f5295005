from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import Order, PurchaseOrder
from orders.purchasing import submission
from orders.purchasing.holds import holds
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.models import StatusChange
from storefront.lib.state_machine import InvalidTransitionError
from suppliers.connectors.records import NoShippingServiceError
from suppliers.models import Connection
from tests.factories.orders import make_order, make_paid_order, make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def go_on(order):
    return holds.release_order(order=order, reason="I called the customer", actor="staff", now=NOON)


def hold(order):
    order.move(Order.Status.ON_HOLD, at=NOON, hold_reason="Looks like fraud.")
    return order


def test_a_released_order_without_purchase_orders_is_placed():
    order = go_on(hold(make_paid_order()))

    assert (order.status, order.hold_reason) == ("placed", "")
    move = StatusChange.objects.filter(subject="orders.Order").latest("pk")
    assert (move.actor, move.reason) == ("staff", "I called the customer")


def test_only_a_held_order_is_released_and_continues_with_its_purchase_orders():
    (purchase_order,) = make_purchase_orders()
    unpaid = make_order()
    for order in (unpaid, purchase_order.order):
        with pytest.raises(InvalidTransitionError):
            go_on(order)

    unpaid.refresh_from_db()
    assert unpaid.status == "pending_payment"
    assert go_on(hold(purchase_order.order)).status == "processing"


def test_a_low_balance_holds_until_it_is_enough(supplier):
    (purchase_order,) = make_purchase_orders()
    connection = Connection.objects.filter(supplier=purchase_order.supplier)
    connection.update(balance_amount=Decimal("9.99"), balance_reported_at=NOON)

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert [one["code"] for one in purchase_order.hold_reasons] == ["balance"]
    assert supplier.effects == []
    assert holds.release_resolved(now=NOON) == 0
    connection.update(balance_amount=Decimal("50.00"))
    assert holds.release_resolved(now=NOON) == 1
    purchase_order = PurchaseOrder.objects.get()
    submission.submit(purchase_order=purchase_order, now=NOON)
    assert supplier.effects == [purchase_order.number]


def test_an_outdated_balance_does_not_hold(supplier):
    (purchase_order,) = make_purchase_orders()
    Connection.objects.update(
        balance_amount=Decimal(0), balance_reported_at=NOON - timedelta(hours=2)
    )

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert purchase_order.hold_reasons == []


@pytest.mark.parametrize(
    ("error", "is_held"),
    [
        (NoShippingServiceError("not a destination"), True),
        (PermanentError("the key was revoked"), False),
        (TemporaryError("no answer"), False),
    ],
)
def test_only_a_missing_shipping_method_holds_for_that_reason(supplier, error, is_held):
    def freight(**_):
        raise error

    supplier.freight = freight
    (purchase_order,) = make_purchase_orders()

    submission.submit(purchase_order=purchase_order, now=NOON)

    codes = {reason["code"] for reason in PurchaseOrder.objects.get().hold_reasons}
    assert ("no_shipping_method" in codes) == is_held
