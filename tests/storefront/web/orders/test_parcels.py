"""Order page: lost and returned parcels, their refund or replacement, the last mile."""

import pytest

from orders.models import Order
from tests.factories.parcels import act_on_parcel, correct_tracking, make_parcel_in
from tests.factories.shipping import CJ_NUMBER
from tests.storefront.web.page_parser import page_of

pytestmark = pytest.mark.django_db

LOST = "It is lost. We send you a replacement or refund it."
BACK = "It went back to the sender. We send you a replacement or refund it."


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("lost", LOST),
        ("returned", BACK),
        ("lost refunded", "It did not reach you. We refund it the way you paid."),
        ("returned replaced", "It did not reach you. We send you a replacement"),
        ("lost closed", "It did not reach you. This is settled."),
    ],
)
def test_lost_or_returned_parcel_says_what_happens_next(client, state, sentence):
    make_parcel_in(state)

    text = client.get(page_of(Order.objects.earliest("pk"))).content.decode()

    assert sentence in text
    assert "Delivery promised for" not in text
    assert "This parcel is late" not in text
    assert "<h1>Delivered" not in text
    assert ("<h1>Your order is settled." in text) == (" " in state)


def test_refund_and_replacement_of_a_lost_parcel_are_on_its_order_page(client):
    act_on_parcel(make_parcel_in("returned"), "replace")
    order, replacement = Order.objects.order_by("pk")

    original_page = client.get(page_of(order)).content.decode()
    replacement_page = client.get(page_of(replacement)).content.decode()

    assert "Never arrived" in original_page
    assert replacement.number in original_page
    assert "This is the replacement for what did not arrive from" in replacement_page


def test_last_mile_number_is_shown_beside_the_first(client):
    parcel = make_parcel_in("shipped")
    last_mile = ("DHL", "JJD000111222333444")
    correct_tracking(parcel, CJ_NUMBER, carrier="CJPacket", last_mile=last_mile)

    text = client.get(page_of(Order.objects.get())).content.decode()

    assert CJ_NUMBER in text
    assert "Local delivery: DHL" in text
    assert 'tracking-id=JJD000111222333444" rel="noreferrer">Track with DHL' in text
