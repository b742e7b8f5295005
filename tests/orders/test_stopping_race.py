"""The page of a supplier and staff may say at the same moment what became of a wish to stop."""

from __future__ import annotations

import pytest

from orders import closing, moving_ends, purchasing, stopping
from orders.models import Order, PaymentEvent
from tests.factories.orders import ask_to_stop
from tests.factories.racing import Rival
from tests.factories.scripted import WrittenTo, connect
from tests.factories.stopping import LATER, fresh, sent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("verb", "place", "name"),
    [
        (stopping.stopped, closing, "close_all"),
        (stopping.not_stopped, moving_ends, "forget"),
    ],
)
def test_who_says_it_second_waits_and_is_told_no_error(monkeypatch, verb, place, name):
    """Without the lock he would see that it is still asked, and lose the race for the row."""
    monkeypatch.setattr(purchasing, "check", lambda **_: [])
    connect(monkeypatch, WrittenTo())
    purchase_order = sent()
    ask_to_stop(purchase_order.order)
    rival = Rival(
        lambda: stopping.stopped(purchase_order=fresh(purchase_order), actor="page", now=LATER)
    )
    act = getattr(place, name)

    def in_the_middle(*given, **named):
        if rival._thread.ident is None:
            rival.begin()
        return act(*given, **named)

    monkeypatch.setattr(place, name, in_the_middle)
    verb(purchase_order=fresh(purchase_order), actor="ann", now=LATER)
    rival.finish()

    assert rival.failure is None
    assert Order.objects.get().status == "canceled"
    asked = PaymentEvent.objects.filter(kind__endswith="_requested")
    assert [one.kind for one in asked] == ["release_requested"]
