"""Cancellation admin: record a supplier's answer, decide on shipments of canceled orders."""

import pytest
from django.urls import reverse

from notifications.models import Event
from orders.models import CanceledShipmentDecision, Order, PurchaseMessage, PurchaseOrder
from orders.purchasing import acknowledgements
from tests.factories.orders import ask_to_stop, make_purchase_orders, make_sellable
from tests.factories.returns import make_shipped_order
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    people = connect(monkeypatch, WrittenTo())
    people.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)
    return purchase_order


def do(staff, purchase_order, what, **given):
    url = reverse(f"admin:orders_purchaseorder_{what}", args=[purchase_order.pk])
    return staff.post(url, given or {"confirm": "yes"}, follow=True)


def test_a_recorded_acceptance_refunds_once(staff, asked, started):
    for _ in range(2):
        do(staff, asked, "accept_cancellation")

    assert Order.objects.get().status == "canceled"
    assert started[0][0] == "execute_requests"


def test_an_acceptance_after_a_recorded_refusal_still_counts(staff, asked, started):
    page = do(staff, asked, "reject_cancellation").content.decode()

    assert PurchaseOrder.objects.get().submission_status == "cancellation_rejected"
    assert "Mark cancellation accepted" in page
    assert "Mark cancellation rejected" not in page
    do(staff, asked, "accept_cancellation")
    assert Order.objects.get().status == "canceled"


def test_no_answer_is_recorded_without_a_request(staff, started):
    purchase_order = make_accepted_purchase_order()

    for what in ("accept_cancellation", "reject_cancellation"):
        do(staff, purchase_order, what)

    assert PurchaseOrder.objects.get().submission_status == "accepted"
    assert Order.objects.get().status == "processing"


@pytest.fixture
def stray():
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(status="canceled", submission_status="accepted")
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction="in",
        kind=acknowledgements.SHIPPED_CANCELED,
        at=NOON,
    )
    return purchase_order


def decide(staff, purchase_order, outcome):
    given = {"outcome": outcome, "reason": "The customer sent it back."}
    return do(staff, purchase_order, "decide_canceled_shipment", **given)


def test_a_decision_is_stored_with_author_and_reason_and_shown(staff, stray):
    shown = decide(staff, stray, "returned").content.decode()

    kept = CanceledShipmentDecision.objects.get()
    assert (kept.outcome, kept.decided_by) == ("returned", "staff@fara.example")
    assert "The customer sent it back." in shown
    assert "Set resolution" in shown


def test_impossible_outcomes_are_not_offered(staff, stray):
    refused = decide(staff, stray, "not_shipped")

    assert "outcome" in refused.context["form"].errors
    assert not CanceledShipmentDecision.objects.exists()


def test_no_decision_is_offered_for_an_active_purchase_order(staff):
    (purchase_order,) = make_purchase_orders()
    page = reverse("admin:orders_purchaseorder_change", args=[purchase_order.pk])

    assert "Set resolution" not in staff.get(page).content.decode()


def test_staff_cancel_items_with_the_rules_of_the_customer(staff, started):
    order = make_purchase_orders(make_sellable(), quantity=3)[0].order
    line = order.lines.get()
    url = reverse("admin:orders_order_cancel_items", args=[order.pk])
    data = {f"units_{line.pk}": "2", f"of_{line.pk}": "3", "reason": "phone call"}

    form = staff.get(url).content.decode()
    answer = staff.post(url, data, follow=True).content.decode()
    nothing = staff.post(
        url, {f"units_{line.pk}": "0", f"of_{line.pk}": "1", "reason": "-"}, follow=True
    )

    assert "No supplier has it: any quantity is canceled at once." in form
    assert "Items are canceled and refunded." in answer
    assert "Nothing was canceled." in nothing.content.decode()
    assert list(order.lines.order_by("pk").values_list("quantity", "canceled_quantity")) == [
        (1, 0),
        (2, 2),
    ]
    assert ("process_cancellation", {"order_id": order.pk}) in started


@pytest.mark.parametrize(
    ("units", "told"),
    [("4", "less than or equal to 3"), ("-1", "greater than or equal to 0"), ("x", "whole number")],
)
def test_wrong_numbers_of_items_cancel_nothing(staff, units, told):
    order = make_purchase_orders(make_sellable(), quantity=3)[0].order
    line = order.lines.get()
    url = reverse("admin:orders_order_cancel_items", args=[order.pk])

    shown = staff.post(url, {f"units_{line.pk}": units, f"of_{line.pk}": "3", "reason": "-"})

    assert told in shown.content.decode()
    line.refresh_from_db()
    assert (line.quantity, line.canceled_quantity) == (3, 0)


def cancel_items(staff, order, *units):
    url = reverse("admin:orders_order_cancel_items", args=[order.pk])
    data = {"reason": "phone call"}
    for line, count in zip(order.lines.order_by("pk"), units, strict=True):
        data |= {f"units_{line.pk}": str(count), f"of_{line.pk}": str(line.quantity)}
    return staff.post(url, data, follow=True).content.decode()


def test_shipped_items_cannot_be_entered_and_the_customer_gets_no_answer(staff):
    order = make_shipped_order(quantity=2)

    assert "Nothing was canceled." in cancel_items(staff, order, 2)
    assert not Event.objects.filter(name="order.cancellation_answered").exists()


def test_items_that_are_canceled_together_must_be_entered_together(staff):
    order = make_accepted_purchase_order(make_sellable(), make_sellable(), quantity=2).order

    for units in [(2, 0), (1, 2)]:
        assert "These items are canceled only together" in cancel_items(staff, order, *units)
    assert PurchaseOrder.objects.get().cancel_requested_at is None

    assert "The supplier is asked to cancel items." in cancel_items(staff, order, 2, 2)
