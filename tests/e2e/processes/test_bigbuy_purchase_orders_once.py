"""BigBuy has each order exactly once, whichever call fails."""

import pytest
from django.utils import timezone

from orders.purchasing import submission
from orders.purchasing.holds import holds
from shipping import status_polling
from shipping.models import Parcel
from suppliers.connectors.bigbuy import client
from suppliers.connectors.context import Quota
from tests.e2e.ordering import sell_one, stock_the_shop, sweep_until_answered, whole
from tests.fakes.bigbuy_sandbox import bigbuy_process, bigbuy_sandbox, connect_bigbuy

__all__ = ["bigbuy_process", "bigbuy_sandbox"]

pytestmark = pytest.mark.django_db(transaction=True)

CHECK, CREATE, LOOK_UP = "order/check", "order/create", "order/reference/{number}"


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Raise the rate limits; other tests check them."""
    many = {name: Quota(name=name, points=1000, window_s=1) for name in client.GROUP_QUOTAS}
    monkeypatch.setattr(client, "GROUP_QUOTAS", many)
    monkeypatch.setattr(client, "CALL_INTERVAL_S", 0.0)
    monkeypatch.setattr(client, "MAX_SLEEP_S", 0.01)
    monkeypatch.setattr(client, "MAX_SLOT_WAIT_S", 0.2)


@pytest.fixture
def purchase_order(bigbuy_sandbox):
    return sell_one(stock_the_shop(bigbuy_sandbox, connect=connect_bigbuy), start="ES")


def references(process):
    return [order["reference"] for order in process.orders()]


FAULTS = [
    ("500", 3),
    ("429", 3),
    ("drop_before", 3),
    ("drop_after", 1),
    ("drop_after", 3),
    ("garbage", 1),
    ("truncated", 1),
    ("soft_500", 2),
    ("redirect", 1),
]
DAILY_FAULTS = [(CHECK, "soft_500", 2), (CREATE, "drop_after", 1), (CREATE, "redirect", 1)]


@pytest.mark.parametrize(
    ("where", "kind", "times"),
    [
        *DAILY_FAULTS,
        *(
            pytest.param(where, *fault, marks=pytest.mark.full)
            for where in (CHECK, CREATE)
            for fault in FAULTS
            if (where, *fault) not in DAILY_FAULTS
        ),
    ],
)
def test_a_fault_while_ordering_leaves_one_order(
    bigbuy_sandbox, purchase_order, kind, times, where
):
    bigbuy_sandbox.fault(where, kind, count=times)

    answered = sweep_until_answered(purchase_order)

    if answered.status == "on_hold":  # the request looked rejected: staff release the hold
        holds.waive_all(purchase_order=answered, actor="staff", now=timezone.now())
        answered = sweep_until_answered(purchase_order)
    assert answered.submission_status == "accepted"
    assert references(bigbuy_sandbox) == [purchase_order.number]


@pytest.mark.parametrize(
    "kind",
    [
        "soft_500",
        *(
            pytest.param(kind, marks=pytest.mark.full)
            for kind in ("500", "drop_before", "drop_after", "garbage", "empty")
        ),
    ],
)
def test_failed_lookup_does_not_cause_a_second_order(bigbuy_sandbox, purchase_order, kind):
    look_up = LOOK_UP.format(number=purchase_order.number)
    bigbuy_sandbox.fault(CREATE, "drop_after", count=1)
    bigbuy_sandbox.fault(look_up, kind, count=2)

    assert sweep_until_answered(purchase_order).submission_status == "accepted"
    assert references(bigbuy_sandbox) == [purchase_order.number]


def test_answer_about_another_order_is_ignored(bigbuy_sandbox, purchase_order):
    bigbuy_sandbox.fault(CREATE, "drop_after", count=1)
    bigbuy_sandbox.fault(LOOK_UP.format(number=purchase_order.number), "wrong_order", count=1)

    assert sweep_until_answered(purchase_order).submission_status == "accepted"
    (order,) = bigbuy_sandbox.orders()
    assert whole(purchase_order).supplier_reference == str(order["id"])


def test_order_of_a_sold_out_product_is_rejected(bigbuy_sandbox, purchase_order):
    line = purchase_order.lines.select_related("order_line__offer").get()
    sku = line.order_line.offer.supplier_sku
    for warehouse in (1, 2):
        bigbuy_sandbox.control("stock", {"sku": sku, "warehouse": warehouse, "quantity": 0})

    submission.submit(purchase_order=purchase_order, now=timezone.now())

    assert whole(purchase_order).submission_status == "rejected"
    assert references(bigbuy_sandbox) == []


def test_low_balance_puts_the_order_on_hold_with_the_reason(bigbuy_sandbox, purchase_order):
    bigbuy_sandbox.control("purse", {"amount": "0.50"})

    submission.submit(purchase_order=purchase_order, now=timezone.now())

    held = whole(purchase_order)
    assert held.status == "on_hold"
    assert "our balance is too low" in held.hold_reasons[0]["sentence"]
    assert references(bigbuy_sandbox) == []


def test_parcel_is_tracked_until_delivery(bigbuy_sandbox, purchase_order):
    submission.submit(purchase_order=purchase_order, now=timezone.now())
    for status in ("Shipped", "Delivered"):
        bigbuy_sandbox.control("advance", {"reference": purchase_order.number, "to": status})
        status_polling.poll_supplier(supplier=purchase_order.supplier, clock=timezone.now)
        found = whole(purchase_order)
        assert not found.problem

    parcel = Parcel.objects.get()
    assert (parcel.status, parcel.carrier) == ("delivered", "GLS")
    assert parcel.number == bigbuy_sandbox.orders()[0]["tracking"]
