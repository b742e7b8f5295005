"""Order message admin: staff see what waits, and answer once from the order or from the list."""

import pytest
from django.urls import reverse

from orders.models import OrderMessage
from orders.order_messages import order_messages
from tests.factories.inbox_items import items_of
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    order = make_order(make_sellable())
    order_messages.write(order=order, text="Where <b>is</b> it?", request_key="1", now=NOON)
    return order


def do(staff, row, what, **given):
    url = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_{what}", args=[row.pk])
    response = staff.get(url)
    seen = response.context["form"].initial["last_seen"]
    staff.post(url, {"confirm": "yes", "last_seen": seen, **given}, follow=True)
    return response.content.decode()


def test_waiting_message_is_in_the_inbox_until_staff_answer(staff, order):
    (item,) = items_of("order_message_waiting")
    assert (item.name, item.since, item.detail) == (order.number, NOON, "Where <b>is</b> it?")

    page = do(staff, order, "write_to_customer", text="On Friday.", key="2")
    do(staff, order, "write_to_customer", text="On Friday.", key="2")

    assert "<q>Where &lt;b&gt;is&lt;/b&gt; it?</q>" in page
    assert [row.text for row in OrderMessage.objects.filter(author="staff")] == ["On Friday."]
    assert items_of("order_message_waiting") == []
    assert (
        "On Friday."
        in staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    )


def test_message_is_answered_from_the_list(staff, order):
    message = OrderMessage.objects.get()
    shown = staff.get(reverse("admin:orders_ordermessage_changelist")).content.decode()

    do(staff, message, "answer", text="On Friday.", key="2")

    assert "Where &lt;b&gt;is&lt;/b&gt; it?" in shown
    message.refresh_from_db()
    assert message.answered_at


def test_message_is_closed_without_an_answer(staff, order):
    do(staff, order, "close_messages")
    nothing = do(staff, order, "write_to_customer")

    assert items_of("order_message_waiting") == []
    assert "No message of the customer waits for an answer." in nothing
    assert OrderMessage.objects.count() == 1
