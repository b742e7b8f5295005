"""An onX supplier has each order exactly once, though its server would take two."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.purchasing import submission
from shipping import status_polling
from shipping.models import Parcel
from tests.e2e.ordering import sell_one, stock_the_shop, sweep, whole
from tests.fakes.onx_sandbox import connect_onx, onx_process, onx_sandbox

__all__ = ["onx_process", "onx_sandbox"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def purchase_order(onx_sandbox):
    return sell_one(stock_the_shop(onx_sandbox, connect=connect_onx))


def poll(purchase_order):
    status_polling.poll_supplier(supplier=purchase_order.supplier, clock=timezone.now)
    return whole(purchase_order)


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("create-sales-order", "drop_after"),
        *(
            pytest.param(where, kind, marks=pytest.mark.full)
            for where, kind in [
                ("create-sales-order", "drop_before"),
                ("create-sales-order", "soft_500"),
                ("create-sales-order", "garbage"),
                ("create-sales-order", "empty"),
                ("get-orders", "empty"),
                ("get-orders", "wrong_order"),
            ]
        ),
    ],
)
def test_a_fault_while_ordering_leaves_one_order(onx_sandbox, purchase_order, where, kind):
    onx_sandbox.fault(where, kind, count=1)

    for step in range(6):
        sweep(purchase_order, timezone.now() + timedelta(minutes=5 * step))

    assert [row["externalId"] for row in onx_sandbox.orders()] == [purchase_order.number]
    assert whole(purchase_order).submission_status == "submitted"  # its status is "new"


def test_order_waits_for_a_known_status_then_is_tracked(onx_sandbox, purchase_order):
    def move(status):
        onx_sandbox.control("advance", {"number": purchase_order.number, "to": status})
        return poll(purchase_order).submission_status

    submission.submit(purchase_order=purchase_order, now=timezone.now())

    assert [move(status) for status in ("halb fertig", "processing", "halb fertig")] == [
        "submitted",
        "accepted",
        "accepted",
    ]
    move("delivered")
    parcel = Parcel.objects.get()
    assert (parcel.status, parcel.number) == (
        "delivered",
        onx_sandbox.orders()[0]["trackingNumber"],
    )
    connection = purchase_order.supplier.connection
    connection.refresh_from_db()
    assert connection.connector_state["unknown_statuses"] == {"halb fertig": True}
