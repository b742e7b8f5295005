from decimal import Decimal

import pytest

from notifications.models import Event
from orders.models import Allocation, OrderLine, PurchaseOrder
from suppliers.connectors.records import (
    Acknowledgement,
)
from suppliers.models import StockLevel
from tests.factories.backorders import acknowledge, gateway_requests, reroute_due
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

OTHER = Decimal("19.99")


@pytest.fixture
def goods():
    return make_sellable(), make_sellable(price="19.99")


def test_a_repeated_rejection_cancels_the_line_once(goods):
    purchase_order = make_sent_purchase_order(*goods)
    whole = purchase_order.customer_charge_amount
    first, second = OrderLine.objects.order_by("pk")

    for _ in range(3):
        purchase_order = acknowledge(purchase_order, refused=[second])
        reroute_due()

    second.refresh_from_db()
    assert purchase_order.submission_status == "partially_accepted"
    assert purchase_order.status == "in_progress"
    assert gateway_requests() == [("capture_requested", whole - OTHER), ("void_requested", OTHER)]
    assert (first.canceled_quantity, second.canceled_quantity) == (0, 1)
    acknowledged = dict(purchase_order.lines.values_list("order_line_id", "acknowledgment"))
    assert acknowledged == {first.pk: "accepted", second.pk: "out_of_stock"}
    assert Allocation.objects.get(line=second).status == "released"
    assert StockLevel.objects.get(pk=second.level_id).allocated_outstanding == 0
    (event,) = Event.objects.filter(name="order.lines_canceled")
    assert event.payload["amount"] == "19.99"
    assert [line["title"] for line in event.payload["lines"]] == [second.title]


def test_a_line_rejected_after_acceptance_is_refunded(goods):
    purchase_order = make_accepted_purchase_order(*goods)
    whole = purchase_order.customer_charge_amount
    _, second = OrderLine.objects.order_by("pk")

    purchase_order = acknowledge(purchase_order, refused=[second])

    assert purchase_order.submission_status == "partially_accepted"
    assert purchase_order.customer_charge_amount == whole
    assert gateway_requests() == [("capture_requested", whole), ("refund_requested", OTHER)]


def test_rejecting_every_line_rejects_the_order(goods):
    purchase_order = make_sent_purchase_order(*goods)
    whole = purchase_order.customer_charge_amount

    purchase_order = acknowledge(
        purchase_order, refused=OrderLine.objects.all(), code="discontinued"
    )
    reroute_due()

    assert (purchase_order.status, purchase_order.submission_status) == ("canceled", "rejected")
    assert set(purchase_order.lines.values_list("acknowledgment", "is_active")) == {
        ("discontinued", False)
    }
    assert gateway_requests() == [("void_requested", whole)]


@pytest.mark.parametrize("make", [make_sent_purchase_order, make_accepted_purchase_order])
def test_a_rejection_in_two_parts_refunds_the_whole_once(goods, make):
    purchase_order = make(*goods)
    whole = purchase_order.customer_charge_amount
    first, second = OrderLine.objects.order_by("pk")

    acknowledge(purchase_order, refused=[second])
    purchase_order = acknowledge(purchase_order, refused=[first])
    reroute_due()

    assert purchase_order.status == "canceled"
    back = sum(amount for kind, amount in gateway_requests() if kind == "refund_requested")
    released = sum(amount for kind, amount in gateway_requests() if kind == "void_requested")
    assert back + released == whole
    events = Event.objects.filter(name="order.lines_canceled").order_by("pk")
    amounts = [event.payload["amount"] for event in events]
    assert sorted(amounts) == ["19.99", str(whole - OTHER)]


def test_a_rejection_after_shipment_changes_nothing(goods):
    purchase_order = make_accepted_purchase_order(*goods)
    _, second = OrderLine.objects.order_by("pk")
    purchase_order.move(PurchaseOrder.Status.SHIPPED, at=NOON)

    purchase_order = acknowledge(purchase_order, refused=[second], answer=Acknowledgement.SHIPPED)

    assert purchase_order.submission_status == "accepted"
    assert not OrderLine.objects.filter(canceled_quantity__gt=0).exists()
    assert [kind for kind, _ in gateway_requests()] == ["capture_requested"]
