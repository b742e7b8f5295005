"""Replay: failed deliveries again, and events from a moment or a cursor."""

from datetime import timedelta

import pytest

from storefront.events import replay
from storefront.events.models import WebhookDelivery
from tests.factories.events import make_event, make_subscription
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def pending(subscription):
    rows = subscription.deliveries.filter(status="pending").order_by("event")
    return list(rows.values_list("event", flat=True))


def end(subscription, status="delivered"):
    subscription.deliveries.update(status=status, attempts=10, log=[{"status": 500}])


def test_one_failed_delivery_or_all_are_sent_again():
    subscription = make_subscription()
    events = [make_event(f"order:{number}") for number in range(3)]
    end(subscription, "failed")

    first = subscription.deliveries.get(event=events[0])
    assert replay.replay_delivery(delivery=first, now=NOON)
    assert not replay.replay_delivery(delivery=first, now=NOON)  # it waits already
    assert pending(subscription) == [events[0].pk]
    assert replay.replay_failed(subscription=subscription, now=NOON) == 2
    assert set(subscription.deliveries.values_list("attempts", flat=True)) == {0}


def test_events_from_a_moment_or_a_cursor_also_those_from_before_the_subscription():
    make_event("order:0", now=NOON - 2 * HOUR)
    before = make_event("order:1")
    subscription = make_subscription("http://127.0.0.1:9000/", "order.placed")
    make_event("order:2", "price.changed")
    waiting = make_event("order:3")

    sent, cursor = replay.replay_since(subscription=subscription, since=NOON, now=NOON)

    assert (sent, cursor) == (1, waiting.pk)
    assert pending(subscription) == [before.pk, waiting.pk]
    end(subscription)
    again = replay.replay_since(subscription=subscription, after=before.pk, now=NOON)
    assert (again, pending(subscription)) == ((1, waiting.pk), [waiting.pk])
    nothing = replay.replay_since(subscription=subscription, after=waiting.pk, now=NOON)
    assert nothing == (0, waiting.pk)


def test_a_long_replay_says_where_to_go_on(monkeypatch):
    monkeypatch.setattr(replay, "MAX_EVENTS", 2)
    events = [make_event(f"order:{number}") for number in range(3)]
    subscription = make_subscription()

    sent, cursor = replay.replay_since(subscription=subscription, now=NOON)
    assert (sent, cursor) == (2, events[1].pk)
    waiting = replay.replay_since(subscription=subscription, now=NOON)
    assert waiting == (0, cursor)
    assert replay.has_more(subscription=subscription, after=cursor)
    _sent, last = replay.replay_since(subscription=subscription, after=cursor, now=NOON)
    assert not replay.has_more(subscription=subscription, after=last)
    assert WebhookDelivery.objects.count() == 3
