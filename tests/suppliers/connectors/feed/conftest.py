"""Feed fixtures: create a supplier with files, upload a file, build the gate of a worker to kill."""

import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone

from suppliers.connections import factory
from suppliers.models import CircuitBreaker, Connection
from suppliers.resilience import concurrency
from tests.factories.catalog import make_category, make_channel, make_exchange_rate, make_price_rule
from tests.factories.feeds import make_upload_supplier
from tests.factories.suppliers import make_supplier

FIELDS = {
    "sku": {"column": "SKU"},
    "title": {"column": "Name"},
    "cost": {"column": "Price"},
    "stock": {"column": "Stock"},
    "description": {"column": "Description"},
}


@pytest.fixture
def supplier(db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    make_price_rule(channel=make_channel())
    make_exchange_rate()
    make_category(slug="headlamps", families=())
    return make_upload_supplier(FIELDS)


@pytest.fixture
def hand_in(settings, supplier):
    """Return a function that stores an upload."""
    folder = Path(settings.FEEDS_ROOT) / "files" / "uploads"
    folder.mkdir(parents=True)

    def put(content):
        (folder / "feed").write_bytes(content)

    return put


class KilledError(BaseException):
    """The end of a worker."""


class WorkerGate:
    """The gate of a new worker to a supplier, whose next call probes an open breaker."""

    def __init__(self):
        self.supplier = make_supplier(f"files-{uuid.uuid4().hex[:8]}", adapter="feed")
        connection = Connection.objects.get()
        connection.calls_per_second = 1000
        long_ago = timezone.now() - timedelta(hours=1)
        CircuitBreaker.objects.create(
            connection=connection,
            failures=9,
            opened_at=long_ago,
            open_until=long_ago,
            orders_blocked_until=long_ago,
        )
        gate = factory.build_gate(self.supplier, connection)
        self.enter, self.heartbeat, self.leave = gate.enter, gate.heartbeat, gate.leave

    def close_breaker(self):
        CircuitBreaker.objects.update(failures=0, opened_at=None, open_until=None)

    def slot_expires_in_s(self):
        """Return how long the only slot is held, and free it."""
        store = redis.Redis.from_url(django_settings.REDIS_URL)
        key = f"slots:{self.supplier.code}"
        ((_, expires_at),) = store.zrange(key, 0, -1, withscores=True)
        store.delete(key)
        return expires_at - time.time()


@pytest.fixture
def worker_gate(db, monkeypatch):
    monkeypatch.setattr(concurrency, "_leases", concurrency._Leases)  # as in a new worker
    return WorkerGate()
