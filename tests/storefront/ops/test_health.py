import json
import time
from datetime import timedelta

import pytest
import redis
from django.conf import settings as conf
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from storefront.ops import health
from storefront.webhooks.models import InboundWebhook
from storefront.workers import heartbeats, queues
from tests.factories.notifications import make_message

ALL = ("beat", "bulk", "celery", "syncs")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def broker():
    """Use the real Redis of the tests, whose queues are empty."""
    cache.clear()
    heartbeats._recorded_at.clear()
    queues._broker.cache_clear()
    store = redis.Redis.from_url(conf.REDIS_URL)
    store.delete(*ALL)
    for name in ALL:
        heartbeats._record(name)
    yield store
    store.delete(*ALL)
    queues._broker.cache_clear()


def ready(client):
    answer = client.get("/readyz")
    return answer.status_code, {
        part: state for part, state in answer.json().items() if state != "ok"
    }


@pytest.mark.parametrize("name", ALL)
def test_silent_beat_and_queue_without_a_worker_are_named(client, name):
    assert ready(client) == (200, {})
    cache.delete(f"alive:{name}")

    assert ready(client) == (503, {"beat" if name == "beat" else f"worker {name}": "silent"})


def test_long_queue_is_named(client, broker):
    broker.lpush("bulk", *range(health.MAX_QUEUED + 1))

    assert ready(client) == (503, {"queue bulk": "501 tasks wait"})


def test_task_that_waits_too_long_is_named(client, broker):
    broker.lpush("bulk", json.dumps({"headers": {"queued_at": time.time() - 1200}}))

    assert ready(client) == (503, {"queue bulk": "oldest waits 20 min"})


def test_message_and_webhook_that_wait_too_long_are_named(client):
    due_at = timezone.now() - timedelta(minutes=20)
    make_message(now=due_at)
    InboundWebhook.objects.create(
        source="cj-lumen",
        external_id="1",
        body=b"{}",
        received_at=due_at,
        status_since=due_at,
        due_at=due_at,
    )

    assert ready(client) == (
        503,
        {"outbox": "oldest waits 20 min", "inbound webhooks": "oldest waits 20 min"},
    )


def test_unreachable_redis_is_named_and_the_shop_stays_alive(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    queues._broker.cache_clear()

    assert ready(client) == (503, {"redis": "unavailable"})
    assert client.get("/healthz").status_code == 200


def test_unreachable_database_fails_both(client, monkeypatch):
    def fail():
        raise OperationalError

    monkeypatch.setattr(health.connection, "cursor", fail)

    assert ready(client) == (503, {"database": "unavailable"})
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_are_not_redirected_to_https(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(path).status_code == 200
