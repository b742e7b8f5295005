import pytest
from celery.signals import beat_init, before_task_publish, heartbeat_sent
from celery.worker.heartbeat import Heart
from django.core.cache import cache

from storefront.celery import app
from storefront.workers import heartbeats


@pytest.fixture(autouse=True)
def reset_heartbeats():
    cache.clear()
    heartbeats._recorded_at.clear()
    yield
    before_task_publish.disconnect(heartbeats.record_beat)


def test_worker_records_its_queues(monkeypatch):
    monkeypatch.setattr(app.amqp.queues, "_consume_from", {"bulk": None, "syncs": None})

    heartbeat_sent.send(sender=Heart(timer=None, eventer=app.events.Dispatcher(enabled=False)))

    assert heartbeats.missing(["beat", "bulk", "celery", "syncs"]) == ["beat", "celery"]


def test_only_beat_records_queued_tasks():
    before_task_publish.send(sender="a.task")
    assert heartbeats.missing(["beat"]) == ["beat"]

    beat_init.send(sender=None)
    before_task_publish.send(sender="a.task")
    assert heartbeats.missing(["beat"]) == []


def test_cache_is_written_once_in_ten_seconds(monkeypatch):
    heartbeats.record_beat()
    cache.clear()

    heartbeats.record_beat()
    assert heartbeats.missing(["beat"]) == ["beat"]

    now = heartbeats.time.monotonic() + heartbeats.RECORD_INTERVAL_S
    monkeypatch.setattr(heartbeats.time, "monotonic", lambda: now)
    heartbeats.record_beat()
    assert heartbeats.missing(["beat"]) == []
