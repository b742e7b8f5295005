"""Portal: a supplier asked by e-mail to cancel an order answers on the page of the order."""

import pytest

from orders.cancellation import cancellation
from orders.models import Order, PaymentEvent
from orders.purchasing import reassignment
from tests.factories.orders import ask_to_stop
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import answer, fresh, parcel, path_of, post
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db

REJECT_BUTTON = "Reject cancellation: too late"


@pytest.fixture(autouse=True)
def email_supplier(monkeypatch):
    return connect(monkeypatch, WrittenTo())


def request_cancellation(make=make_sent_purchase_order):
    purchase_order = make()
    ask_to_stop(purchase_order.order)
    return purchase_order


def post_answer(client, purchase_order, word, times=1):
    return [
        post(client, purchase_order, "stop/", said=word)["Location"].rpartition("=")[2]
        for _ in range(times)
    ]


def payment_requests():
    found = PaymentEvent.objects.filter(kind__endswith="_requested")
    return sorted(found.values_list("kind", flat=True))


@pytest.mark.parametrize("language", ["en", "az"])
def test_page_with_the_request_is_valid(client, language):
    page = Page(client.get(path_of(request_cancellation(), language=language)))

    assert page.faults == []
    if language == "en":
        assert "The customer wants to cancel it." in page.text
        assert REJECT_BUTTON in page.text


def test_double_click_cancels_once(client):
    purchase_order = request_cancellation()

    assert post_answer(client, purchase_order, "yes", times=2) == ["stopped", "stopped"]

    assert fresh(purchase_order).submission_status == "cancellation_accepted"
    assert Order.objects.get().status == "canceled"
    assert payment_requests() == ["void_requested"]


def test_refused_cancellation_can_still_be_accepted(client):
    purchase_order = request_cancellation(make_accepted_purchase_order)

    assert post_answer(client, purchase_order, "no", times=2) == ["goes", "goes"]
    assert fresh(purchase_order).submission_status == "cancellation_rejected"
    page = Page(client.get(path_of(purchase_order)))
    assert REJECT_BUTTON not in page.text
    assert "You said that it cannot be stopped." in page.text

    assert post_answer(client, purchase_order, "yes") == ["stopped"]
    assert payment_requests() == ["capture_requested", "refund_requested"]


def test_refused_and_shipped_order_is_shipped(client):
    purchase_order = request_cancellation()
    post_answer(client, purchase_order, "no")

    parcel(client, purchase_order, 1)

    assert fresh(purchase_order).status == "shipped"
    assert payment_requests() == ["capture_requested"]
    assert post_answer(client, purchase_order, "yes") == ["late"]


def test_acceptance_after_the_request_can_still_be_canceled(client):
    purchase_order = request_cancellation()

    answer(client, purchase_order, "ship")
    assert fresh(purchase_order).cancel_requested_at is not None
    post_answer(client, purchase_order, "yes")

    assert Order.objects.get().status == "canceled"
    assert payment_requests() == ["capture_requested", "refund_requested"]


def test_order_moved_to_another_supplier_is_canceled(client):
    purchase_order = make_sent_purchase_order()
    reassignment.reassign(purchase_order=purchase_order, reason="slow", actor="ann", now=NOON)
    cancellation.process_request(purchase_order=fresh(purchase_order), now=NOON)

    page = Page(client.get(path_of(purchase_order)))

    assert '<h2 id="stop-title">We are canceling this order.</h2>' in page.text
    assert "The customer wants to cancel it." not in page.text
