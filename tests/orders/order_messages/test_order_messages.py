"""Order messages: each form is stored once, an answer ends the wait and is mailed once."""

from datetime import timedelta

import pytest
from django.db import transaction

from notifications.models import Event
from orders import privacy
from orders.models import Order, OrderMessage
from orders.order_messages import order_messages
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def order():
    return make_order(make_sellable())


def write(order, text="Where is it?", key="1"):
    return order_messages.write(order=order, text=text, request_key=key, now=NOON)


def newest():
    return OrderMessage.objects.latest("pk").pk


def answer(order, text="On Friday.", key="2", **more):
    values = {"text": text, "request_key": key, "last_seen": newest(), **more}
    order_messages.answer(order=order, actor="ann", now=LATER, **values)


def test_form_that_is_submitted_twice_is_stored_once(order):
    assert [write(order), write(order), write(order, key="3")] == [True, False, True]

    assert [message.written_by for message in order_messages.messages_of(order)] == ["customer"] * 2


def test_answer_ends_the_wait_of_all_messages_and_is_mailed_once(order):
    write(order)
    write(order, "Hello?", key="3")

    answer(order)
    answer(order)

    assert not order_messages.waiting_messages(order)
    assert set(OrderMessage.objects.filter(author="customer").values_list("answered_at")) == {
        (LATER,)
    }
    event = Event.objects.get(name="order.message_answered")
    assert (event.payload["text"], event.payload["email"]) == ("On Friday.", order.email)


def test_waiting_messages_are_closed_without_a_mail(order):
    write(order)

    order_messages.close(order=order, last_seen=newest(), now=LATER)

    assert not order_messages.waiting_messages(order)
    assert not Event.objects.filter(name="order.message_answered")


def test_message_that_staff_have_not_seen_keeps_waiting(order):
    write(order)
    seen = newest()
    write(order, "Please cancel it!", key="3")

    answer(order, last_seen=seen)
    order_messages.close(order=order, last_seen=seen, now=LATER)

    assert [each.text for each in order_messages.waiting_messages(order)] == ["Please cancel it!"]


def test_messages_are_erased_with_the_customer(order):
    write(order)
    answer(order)
    Order.objects.update(status="expired")

    with transaction.atomic():
        privacy.erase_guests(privacy.guest_orders(placed_before=LATER, is_unpaid=True))

    assert not OrderMessage.objects.exists()
    assert Event.objects.get(name="order.message_answered").payload["text"] == ""
