"""Closed actions: each action that is not possible says why, to those who may run it."""

import pytest
from django.db.models import F
from django.urls import reverse

from orders.cancellation import cancellation
from orders.models import Order
from storefront.dashboard.orders import closed_actions
from tests.factories.accounts import make_staff
from tests.factories.full_shop import orders_by_status
from tests.factories.orders import make_order, make_paid_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def closed(rf, order, user):
    request = rf.get(reverse("admin:index"))
    request.user = user
    row = Order.objects.with_progress().get(pk=order.pk)
    found = closed_actions.load(row, request=request)
    return {str(label): str(reason) for labels, reason in found for label in labels}


def test_an_unpaid_and_a_paid_order_say_what_is_possible_instead(rf, admin_user):
    order = make_order(make_sellable())
    unpaid = closed(rf, order, admin_user)
    assert unpaid["Cancel items"] == unpaid["Refund"] == "The order is not paid yet."
    assert "Edit order" not in unpaid

    paid = closed(rf, make_paid_order(make_sellable()), admin_user)
    assert "Cancel items" not in paid
    assert paid["Refund"].startswith("Nothing is charged yet. Cancel items instead")
    assert paid["Create return"] == "Nothing has shipped yet. Cancel items instead."
    assert paid["Edit order"].startswith("It is paid.")

    cancellation.cancel(order=order, reason="no", actor="ann", now=NOON)
    assert set(closed(rf, order, admin_user).values()) == {"The order has ended."}


def test_a_completed_order_says_what_is_refunded_or_returned(rf, admin_user, shared_world):
    order = orders_by_status()["completed"]
    shown = closed(rf, order, admin_user)
    assert shown["Cancel"] == "The order is completed. Create a return instead."

    order.lines.update(returning_quantity=F("shipped_quantity"))
    payment = order.payments.filter(captured_amount__gt=0).get()
    order.payments.filter(pk=payment.pk).update(refunded_amount=payment.captured_amount)
    Order.objects.filter(pk=order.pk).update(notifies_customer=False)

    shown = closed(rf, order, admin_user)
    assert shown["Create return"] == "All shipped items are in a return."
    assert shown["Refund"] == "Everything that was charged is refunded."
    assert shown["Write to customer"] == "The sales channel writes to this customer."


def test_the_page_lists_only_what_the_user_may_do(client):
    order = make_order(make_sellable())
    page = reverse("admin:orders_order_change", args=[order.pk])
    client.force_login(make_staff("ben", "view_order"))
    assert "Not possible now" not in client.get(page).content.decode()

    client.force_login(make_staff("ann", "view_order", "cancel_order"))
    assert "Cancel items: The order is not paid yet." in client.get(page).content.decode()
