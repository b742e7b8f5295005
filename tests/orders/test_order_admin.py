"""Order admin: a page offers only actions that its row allows."""

import pytest
from django.urls import reverse

from notifications.models import Event, Message, Suppression
from orders.admin_columns import fulfillment, payment
from orders.cancellation import cancellation
from orders.models import Order, PurchaseOrder
from tests.factories.accounts import make_staff
from tests.factories.orders import make_paid_order, make_purchase_orders, make_sellable
from tests.factories.returns import exchange, make_delivered, make_inspected_return
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def offered(staff, row, *names):
    name = f"admin:orders_{row._meta.model_name}"
    shown = staff.get(reverse(f"{name}_change", args=[row.pk])).content.decode()
    return [each for each in names if reverse(f"{name}_{each}", args=[row.pk]) in shown]


def test_an_order_offers_what_its_status_allows(staff):
    placed, completed = make_paid_order(), make_delivered()
    acts = ("cancel", "refund", "hold", "release")

    assert offered(staff, completed, *acts) == ["refund"]
    assert offered(staff, placed, *acts) == ["cancel", "hold"]
    placed.move("on_hold", at=NOON, hold_reason="Looks like fraud.")
    assert offered(staff, placed, *acts) == ["cancel", "release"]


def test_staff_hold_an_order_and_release_it(staff, started):
    order = make_paid_order()
    for name, reason, status in (
        ("hold", "Address looks wrong.", "on_hold"),
        ("release", "Customer confirmed it.", "placed"),
    ):
        page = reverse(f"admin:orders_order_{name}", args=[order.pk])
        shown = staff.post(page, {"reason": reason}, follow=True).content.decode()
        order.refresh_from_db()
        assert order.status == status
        assert reason in shown  # in the timeline
    again = staff.post(reverse("admin:orders_order_release", args=[order.pk]), {"reason": "again"})
    assert f"{order.number}: the status Placed does not allow this." in again.content.decode()


def test_a_cancellation_message_has_only_the_result_of_each_purchase_order(staff):
    purchase_order = make_accepted_purchase_order(make_sellable())
    address = reverse("admin:orders_order_cancel", args=[purchase_order.order_id])

    shown = staff.post(address, {"reason": "The shopper called."}, follow=True).content.decode()

    assert f"See the response on the purchase order: {purchase_order.number}" in shown
    assert f"Cancellation of {purchase_order.order} requested" not in shown


def test_a_purchase_order_offers_what_its_submission_status_allows(staff):
    (row,) = make_purchase_orders()
    for status, submission_status, acts in (
        ("draft", "unsubmitted", []),
        ("on_hold", "submit_failed", ["release_hold"]),
        ("ready", "submit_failed", ["send_again"]),
        ("ready", "submit_unknown", ["look_up"]),
    ):
        PurchaseOrder.objects.update(status=status, submission_status=submission_status)

        assert offered(staff, row, "release_hold", "send_again", "look_up") == acts


def statuses_of(order):
    row = Order.objects.with_progress().get(pk=order.pk)
    return payment(row), fulfillment(row)


def test_replacements_and_canceled_orders_have_their_own_texts():
    made = exchange(make_inspected_return(make_sellable(quantity=9), quantity=1))
    money, begun = statuses_of(made)
    assert "No payment" in money
    assert "Unfulfilled" in begun

    cancellation.cancel(order=made, reason="sold out", actor="ann", now=NOON)

    money, ended = statuses_of(made)
    assert "No payment" in money
    assert "Canceled" in ended


def test_a_paid_order_without_fulfillment_is_shown_as_unfulfilled():
    money, begun = statuses_of(make_paid_order(make_sellable()))

    assert "Authorized" in money
    assert "Unfulfilled" in begun


def test_the_page_says_whether_the_customer_can_be_reached_and_leads_to_the_messages(staff):
    order = make_paid_order()
    page = reverse("admin:orders_order_change", args=[order.pk])
    reachable = staff.get(page).content.decode()
    Suppression.objects.create(address=order.email, reason="hard_bounce", since=NOON)
    Suppression.objects.create(address=order.email, reason="complaint", since=NOON)

    suppressed = staff.get(page).content.decode()
    listed = staff.get(reverse("admin:orders_order_messages", args=[order.pk]), follow=True)

    assert "No problem known" in reachable
    assert "Cannot be reached since" in suppressed
    assert "Gets only messages that an order needs since" in suppressed
    assert listed.status_code == 200
    assert listed.redirect_chain[0][0].endswith(f"?q={order.number}")


def test_staff_who_see_no_costs_open_the_messages_of_an_order(client):
    order = make_paid_order()
    event = Event.objects.get(subject=f"order:{order.number}")
    Message.objects.create(
        event=event, template="order_placed", recipient=order.email, due_at=NOON, status_since=NOON
    )
    client.force_login(make_staff("sue", "view_order", "view_message"))

    page = client.get(reverse("admin:orders_order_messages", args=[order.pk]), follow=True)

    assert order.email in page.content.decode()
