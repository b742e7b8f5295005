"""Refused address changes, and their messages."""

import dataclasses
from dataclasses import asdict

import pytest
from django.test import Client

from orders.address_changes import change_requests
from orders.cancellation import cancellation
from orders.models import AddressChangeRequest, Order
from storefront.web.orders import address_change
from tests.factories.orders import HOME, make_order, make_paid_order
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.web.checkout.test_address_suggestions import digest_in
from tests.storefront.web.orders.test_address_change import (
    LINK,
    THERE,
    address_events,
    page_of,
    request_change,
    shown,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def accepted(light):
    return make_accepted_purchase_order(light)


@pytest.mark.parametrize("status", ["canceled", "completed", "expired", "unpaid"])
def test_order_that_is_over_or_unpaid_is_unchanged(customer, light, status):
    order = make_order(light) if status == "unpaid" else make_paid_order(light)
    if status != "unpaid":
        Order.objects.update(status=status)

    late = request_change(customer, order)

    assert late.status_code == 409
    words = "The order is not paid yet." if status == "unpaid" else "This order is closed"
    assert words in late.content.decode()
    assert LINK not in shown(customer, order)
    assert Order.objects.get().ship_to == asdict(HOME)


def test_order_that_ends_before_the_lock_is_unchanged(customer, light, monkeypatch):
    order = make_paid_order(light)
    real = change_requests.change_address

    def canceled_meanwhile(**given):
        cancellation.cancel(order=order, reason="no", actor="customer", now=NOON)
        return real(**given)

    monkeypatch.setattr(change_requests, "change_address", canceled_meanwhile)

    late = request_change(customer, order)

    assert late.status_code == 409
    assert "This order is closed" in late.content.decode()
    assert address_events() == []


def test_order_being_canceled_is_unchanged(customer, accepted):
    cancellation.cancel(order=accepted.order, reason="no", actor="customer", now=NOON)

    answer = request_change(customer, accepted.order)

    assert answer.status_code == 409
    assert "You asked to cancel it" in answer.content.decode()
    assert LINK not in shown(customer, accepted.order)
    assert not AddressChangeRequest.objects.exists()


def test_errors_are_shown_and_input_is_kept(customer, accepted):
    Order.objects.update(
        additional_tax_amount=1, tax_amount=10, total_amount=accepted.order.total_amount + 1
    )

    for change, words in (
        ({"country": "FR", "postcode": "75001", "city": "Paris"}, "Prices differ by country"),
        ({"region": "BE"}, "The tax was calculated for this region"),
        ({"line1": ""}, "Enter the street and house number."),
        ({"phone": "call me"}, "Enter the phone number in digits"),
        ({"postcode": "1"}, "This postcode does not match the country"),
        ({"name": "x" * 51}, "This is too long for a parcel label."),
    ):
        typed = {**asdict(THERE), **change}
        answer = customer.post(page_of(accepted.order, "address/"), typed)
        text = answer.content.decode()
        assert answer.status_code == 422, change
        assert words in text
        assert typed["city"] in text
    assert not AddressChangeRequest.objects.exists()


def test_doubtful_address_is_kept_with_a_stored_reason(customer, light):
    order = make_paid_order(light)
    odd = dataclasses.replace(THERE, line1="Postfach 7")
    asked = request_change(customer, order, odd)
    assert asked.status_code == 422

    answer = request_change(
        customer, order, odd, about=digest_in(asked), reason="The caretaker takes it."
    )

    assert answer.status_code == 303
    order.refresh_from_db()
    assert order.address_verification["reason"] == "The caretaker takes it."
    assert order.address_verification["doubts"] == ["line1"]


def test_page_needs_the_complete_link(light):
    order = make_paid_order(light)
    wrong = f"/en/orders/{order.number}/{'x' * 32}/address/"
    foreign = Client(enforce_csrf_checks=True)

    assert Client().get(wrong).status_code == 404
    assert Client().post(wrong, asdict(THERE)).status_code == 404
    assert foreign.post(page_of(order, "address/"), asdict(THERE)).status_code == 403
    assert Order.objects.get().ship_to == asdict(HOME)


def test_changes_are_rate_limited(customer, light, monkeypatch):
    monkeypatch.setattr(address_change, "CHANGES_PER_HOUR", 2)
    order = make_paid_order(light)
    places = [dataclasses.replace(THERE, line1=f"Neue Straße {number}") for number in range(3)]

    answers = [request_change(customer, order, place).status_code for place in places]

    assert answers == [303, 303, 429]
    assert Order.objects.get().ship_to["line1"] == "Neue Straße 1"
