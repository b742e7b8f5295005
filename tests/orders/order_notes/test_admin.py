"""Order notes: staff add notes and tags, and filter the list of orders by tag."""

import pytest
from django.urls import reverse

from notifications.models import Event
from orders.models import OrderNote, OrderTag
from tests.factories.orders import make_order, make_sellable

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return make_order(make_sellable())


def post(staff, order, what, **given):
    url = reverse(f"admin:orders_order_{what}", args=[order.pk])
    return staff.post(url, given, follow=True).content.decode()


def test_a_note_is_stored_once_shown_and_never_sent(staff, order):
    events = Event.objects.count()

    for _ in range(2):
        shown = post(staff, order, "add_note", text="Called: <i>wait</i>.", key="1")

    note = OrderNote.objects.get()
    assert (note.author, note.text) == ("staff@fara.example", "Called: <i>wait</i>.")
    assert "Called: &lt;i&gt;wait&lt;/i&gt;." in shown
    assert Event.objects.count() == events


def test_tags_are_replaced_and_filter_the_list(staff, order):
    other = make_order(make_sellable(), email="max@example.org")

    post(staff, order, "edit_tags", tags=" VIP,  Fraud  check, vip ,")
    assert set(OrderTag.objects.values_list("name", flat=True)) == {"vip", "fraud check"}
    shown = post(staff, order, "edit_tags", tags="vip, press")

    assert set(order.tags.values_list("name", flat=True)) == {"vip", "press"}
    assert "press" in shown
    listed = reverse("admin:orders_order_changelist")
    found = staff.get(listed, {"tags__name": "vip"}).content.decode()
    assert order.number in found
    assert other.number not in found


@pytest.mark.parametrize(
    ("tags", "told"),
    [("x" * 41, "at most 40 characters"), (",".join(map(str, range(21))), "at most 20 tags")],
)
def test_too_many_or_long_tags_are_refused(staff, order, tags, told):
    assert told in post(staff, order, "edit_tags", tags=tags)
    assert not OrderTag.objects.exists()
