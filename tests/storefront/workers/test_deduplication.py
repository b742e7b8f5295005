"""Task deduplication: a wake-up is queued once, expires, and can be queued again when it starts."""

import pytest
from celery.app.task import Task
from django.core.cache import cache
from kombu.exceptions import OperationalError

from notifications.tasks import fan_out_waiting
from orders.payments.tasks import execute_request
from orders.purchasing.tasks import look_up_for_staff, sweep_paid_orders
from storefront.celery import app
from storefront.workers import deduplication


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Record what would be queued, starting with an empty queue."""
    cache.clear()
    app.set_current()  # another test may have made another app current
    sent = []

    def publish(task, args=None, kwargs=None, **options):
        sent.append((task.name, kwargs, options.get("expires")))

    monkeypatch.setattr(Task, "apply_async", publish)
    return sent


def test_wake_up_is_queued_once_until_a_worker_starts_it(published):
    for _ in range(3):
        execute_request.delay(request_id=1)
    execute_request.delay(request_id=2)
    assert [kwargs["request_id"] for _, kwargs, _ in published] == [1, 2]

    deduplication.allow_next(task=execute_request, kwargs={"request_id": 1})
    execute_request.delay(request_id=1)
    execute_request.delay(request_id=2)

    assert [kwargs["request_id"] for _, kwargs, _ in published] == [1, 2, 1]


def test_wake_up_expires_after_its_deduplication_and_a_sweep_never_expires(published):
    for _ in range(2):
        sweep_paid_orders.delay()
        execute_request.delay(request_id=1)

    assert [expires for _, _, expires in published] == [None, deduplication.EXPIRES_AFTER_S]
    assert deduplication.EXPIRES_AFTER_S > 10 * deduplication.DEDUPLICATE_FOR_S


def test_manual_and_delayed_tasks_are_always_queued(published):
    for _ in range(2):
        look_up_for_staff.delay(purchase_order_id=1)
        execute_request.apply_async(kwargs={"request_id": 1}, countdown=10)
        fan_out_waiting.delay()

    assert len(published) == 6


def test_without_a_cache_wake_ups_are_not_deduplicated(published, monkeypatch):
    class Away:
        def add(self, *_args, **_kwargs):
            raise ConnectionError

        delete = add

    monkeypatch.setattr(deduplication, "cache", Away())
    execute_request.delay(request_id=1)
    deduplication.allow_next(task=execute_request, kwargs={"request_id": 1})
    execute_request.delay(request_id=1)

    assert len(published) == 2


def test_wake_up_that_did_not_reach_the_broker_is_queued_again(published, monkeypatch):
    def fail(*_args, **_options):
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(Task, "apply_async", fail)
        for _ in range(2):
            with pytest.raises(OperationalError):
                execute_request.delay(request_id=1)
    with pytest.raises(OperationalError):
        execute_request.delay(request_id=2)
    assert published == [], "a broker that was away a moment ago is not asked"
    monkeypatch.setattr(deduplication, "BROKER_PAUSE_S", 0)
    deduplication.broker.mark_down()
    execute_request.delay(request_id=1)

    assert len(published) == 1
