"""Review requests: asked once after an untroubled delivery, and only who agreed."""

from datetime import timedelta

import pytest
from django.db import transaction

from notifications.models import Event
from orders.models import Order, OrderMessage, Payment
from shipping.models import Parcel
from shipping.shipments import shipments
from tests.factories.orders import make_sellable
from tests.factories.problem_reports import report_problem
from tests.factories.returns import declare
from tests.factories.reviews import agree, ask_for_reviews
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, make_state
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)
WEEK = 7 * A_DAY


@pytest.fixture
def delivered():
    """An order whose only parcel arrived at noon."""
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=2), quantity=2)
    state = make_state(purchase_order, "delivered", make_shipment_notice(carrier_text="delivered"))
    shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)
    order = purchase_order.order
    order.refresh_from_db()
    assert order.status == "completed"
    return order


def test_a_customer_who_agreed_is_asked_once(delivered):
    agree()

    asked = [ask_for_reviews(NOON + days) for days in (WEEK - A_DAY, WEEK, WEEK + A_DAY)]

    assert asked == [0, 1, 0]
    payload = Event.objects.get(name="order.review_asked").payload
    assert (payload["number"], payload["email"]) == (delivered.number, "erika@example.org")


def test_no_one_is_asked_without_consent_or_after_it_was_withdrawn(delivered):
    assert ask_for_reviews(NOON + WEEK) == 0
    agree()
    agree(is_given=False)

    assert ask_for_reviews(NOON + WEEK) == 0


def test_no_one_is_asked_without_a_review_page(delivered):
    agree()

    assert ask_for_reviews(NOON + WEEK, review_page="") == 0


def test_a_late_consent_does_not_ask_about_an_old_order(delivered):
    agree()

    assert ask_for_reviews(NOON + 3 * WEEK) == 0


def write_on_the_order_page(order):
    OrderMessage.objects.create(
        order=order, author="customer", text="Where is it?", sent_at=NOON, request_key="1"
    )


def write_to_the_shop(order):
    with transaction.atomic():
        Event.objects.create(
            key="contact:1",
            name="contact.received",
            subject=f"order:{order.number}",
            sequence=99,
            payload={},
            occurred_at=NOON,
        )


@pytest.mark.parametrize(
    "trouble",
    [
        lambda order: declare(order, 1),
        lambda _: report_problem(kind="damaged"),
        lambda _: Parcel.objects.update(status="lost"),
        lambda _: Parcel.objects.update(status="returned"),
        lambda _: Payment.objects.update(dispute_status="charged_back"),
        write_to_the_shop,
        write_on_the_order_page,
        lambda _: Order.objects.update(status="processing"),
    ],
    ids=[
        "return",
        "problem report",
        "lost",
        "returned",
        "dispute",
        "contact form",
        "order page",
        "not completed",
    ],
)
def test_no_one_is_asked_after_a_problem(delivered, trouble):
    agree()
    trouble(delivered)

    assert ask_for_reviews(NOON + WEEK) == 0
