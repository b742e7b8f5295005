"""Backorder e-mails: trigger each by the shop's own code, check its text in both languages."""

from datetime import date

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import submission
from tests.factories.backorders import acknowledge, refuse, reroute, reroute_due, stock_at
from tests.factories.orders import make_sellable
from tests.factories.returns import exchange, make_inspected_return
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_service,
)
from tests.factories.suppliers import NOON
from tests.support.emails import email_test, last_email

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def supplier(monkeypatch):
    """Skip the margin check of purchase orders."""
    connect_without_holds(monkeypatch)


def refused():
    reroute(make_sent_purchase_order(make_sellable()))


def refused_after_it_was_charged():
    listing = make_sellable()
    stock_at(listing)
    refuse(make_accepted_purchase_order(listing))


def refused_in_part(make=make_sent_purchase_order):
    purchase_order = make(make_sellable(), make_sellable(price="19.99"))
    acknowledge(purchase_order, refused=[purchase_order.order.lines.latest("pk")])
    reroute_due()


def refused_in_part_after_it_was_charged():
    refused_in_part(make_accepted_purchase_order)


def the_rest_refused():
    refused_in_part()
    reroute(PurchaseOrder.objects.get())


def replacement_refused():
    order = exchange(make_inspected_return(make_sellable(quantity=9)))
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    purchase_order.move("ready", at=NOON)
    purchase_order.move("submitting", at=NOON, status_field="submission_status")
    refuse(purchase_order)


def delayed():
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    acknowledge(make_sent_purchase_order(listing), ships_by=date(2026, 12, 10))
    reroute_due()


def later_from_elsewhere():
    listing = make_sellable()
    stock_at(listing, max_days=20)
    reroute(make_sent_purchase_order(listing))


def replaced():
    listing, newer = make_sellable(), make_sellable(price="45.00", quantity=0)
    stock_at(newer)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=newer.variant)
    reroute(make_sent_purchase_order(listing))


CASES = [
    (
        "order.lines_canceled",
        refused,
        ["The order is canceled: its items are not available.", "€44.89 is not charged."],
    ),
    (
        "order.lines_canceled",
        refused_after_it_was_charged,
        [
            "The order is canceled: its items are not available.",
            "€44.89 is refunded the way you paid.",
        ],
    ),
    (
        "order.lines_canceled",
        refused_in_part,
        ["Some items are not available.", "€19.99 is not charged."],
    ),
    (
        "order.lines_canceled",
        refused_in_part_after_it_was_charged,
        ["Some items are not available.", "€19.99 is refunded the way you paid."],
    ),
    (
        "order.lines_canceled",
        the_rest_refused,
        ["The order is canceled: its items are not available."],
    ),
    (
        "order.lines_canceled",
        replacement_refused,
        ["what you paid for the original items is refunded the way you paid."],
    ),
    (
        "order.backorder_choice",
        delayed,
        [
            "Your order is delayed. Do you want to wait?",
            "The supplier ships the items below later than we promised.",
            "5 December",
            "16 December",
            "Yes, I will wait",
            "No, refund me",
            "If you do not answer, we send it as soon as it is available.",
        ],
    ),
    (
        "order.backorder_choice",
        later_from_elsewhere,
        [
            "Your order ships from another warehouse and arrives later. Do you want to wait?",
            "Another warehouse can, but later than we promised.",
            "If you do not answer, nothing is sent and you do not pay for it.",
        ],
    ),
    (
        "order.backorder_choice",
        replaced,
        [
            "May we send a substitute?",
            "We can send a substitute at the same price.",
            "Instead of Fara H1 headlamp, Black: Fara H1 headlamp, Black",
            "Yes, send the substitute",
        ],
    ),
]


test_backorder_email = email_test(CASES)


def test_the_supplier_reason_stays_internal():
    purchase_order = make_sent_purchase_order(make_sellable())
    lines = [row.order_line for row in purchase_order.lines.all()]

    acknowledge(purchase_order, refused=lines, reason="1602001: sold to others")
    reroute_due()

    email = last_email("order.lines_canceled")
    assert "sold to others" in email.payload["reason"]
    assert "sold to others" not in email.english.text + email.english.html
