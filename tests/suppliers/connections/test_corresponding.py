from __future__ import annotations

import pytest

from notifications import dispatch
from notifications.models import Delivery, Event
from suppliers.connections.corresponding import DurablePost
from tests.factories.notifications import PAYLOADS
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LETTER = PAYLOADS["purchase_order.mailed"]


def test_a_letter_that_is_put_in_three_times_is_one_mail():
    post = DurablePost(supplier_id=7)

    for _ in range(3):
        post.send(key="FL-1-1", to="orders@lumen.example", payload=LETTER)

    event = Event.objects.get()
    for _ in range(2):
        dispatch.fan_out(event=event, now=NOON)
    (delivery,) = Delivery.objects.all()
    assert (delivery.recipient, delivery.template) == ("orders@lumen.example", "purchase_order")
    assert post.has_sent(key="FL-1-1")
    assert not post.has_sent(key="FL-1-2")


def test_what_is_only_noted_is_mailed_to_nobody():
    post = DurablePost(supplier_id=7)

    post.note(key="FL-1-1.csv")
    dispatch.fan_out(event=Event.objects.get(), now=NOON)

    assert post.has_noted(key="FL-1-1.csv")
    assert not post.has_sent(key="FL-1-1.csv")
    assert not Delivery.objects.exists()
