"""The same hint lies in the queue once, ends by itself, and is given again once it is taken up."""

from __future__ import annotations

import pytest
from celery.app.task import Task
from django.core.cache import cache
from kombu.exceptions import OperationalError

from notifications.tasks import fan_out_waiting
from orders.payments.tasks import settle
from orders.purchasing.tasks import divide_paid, look_up
from storefront.celery import app
from storefront.workers import deduplication


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Note what would go into the queue, and begin with an empty one."""
    cache.clear()
    app.set_current()  # another test may have made an app of its own
    sent = []

    def publish(task, args=None, kwargs=None, **options):
        sent.append((task.name, kwargs, options.get("expires")))

    monkeypatch.setattr(Task, "apply_async", publish)
    return sent


def test_a_hint_is_given_once_until_somebody_begins_with_it(published):
    for _ in range(3):
        settle.delay(request_id=1)
    settle.delay(request_id=2)
    assert [kwargs["request_id"] for _, kwargs, _ in published] == [1, 2]

    deduplication.begin(task=settle, kwargs={"request_id": 1})
    settle.delay(request_id=1)
    settle.delay(request_id=2)

    assert [kwargs["request_id"] for _, kwargs, _ in published] == [1, 2, 1]


def test_a_hint_outlives_what_stands_before_it_and_a_sweep_does_not_end(published):
    for _ in range(2):
        divide_paid.delay()
        settle.delay(request_id=1)

    assert [expires for _, _, expires in published] == [None, deduplication.LIVES_S]
    assert deduplication.LIVES_S > 10 * deduplication.GIVEN_ONCE_FOR_S


def test_what_staff_ask_for_and_what_is_to_wait_is_given_each_time(published):
    for _ in range(2):
        look_up.delay(purchase_order_id=1)
        settle.apply_async(kwargs={"request_id": 1}, countdown=10)
        fan_out_waiting.delay()

    assert len(published) == 6


def test_without_a_cache_a_hint_too_many_is_better_than_none(published, monkeypatch):
    class Away:
        def add(self, *_args, **_kwargs):
            raise ConnectionError

        delete = add

    monkeypatch.setattr(deduplication, "cache", Away())
    settle.delay(request_id=1)
    deduplication.begin(task=settle, kwargs={"request_id": 1})
    settle.delay(request_id=1)

    assert len(published) == 2


def test_a_hint_that_did_not_reach_the_broker_is_given_again(published, monkeypatch):
    def away(*_args, **_options):
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(Task, "apply_async", away)
        for _ in range(2):
            with pytest.raises(OperationalError):
                settle.delay(request_id=1)
    with pytest.raises(OperationalError):
        settle.delay(request_id=2)
    assert published == [], "a broker that was away a moment ago is not asked"
    monkeypatch.setattr(deduplication, "AWAY_FOR_S", 0)
    deduplication.broker.mark_away()
    settle.delay(request_id=1)

    assert len(published) == 1
