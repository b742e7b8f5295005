"""Concurrency limit over all workers, with a real Redis."""

import time
import uuid

import pytest

from storefront.lib.http.errors import TemporaryError
from suppliers.resilience import concurrency
from suppliers.resilience.concurrency import SharedSemaphore


@pytest.fixture
def worker(monkeypatch):
    """Return a function that builds the slots of one supplier as a new worker does."""
    name = uuid.uuid4().hex
    monkeypatch.setattr(concurrency, "MAX_WAIT_S", 0.0)
    monkeypatch.setattr(concurrency, "MAX_ORDER_WAIT_S", 0.0)

    def build(*, max_concurrent=4):
        monkeypatch.setattr(concurrency, "_leases", concurrency._Leases)
        return SharedSemaphore(name=name, max_concurrent=max_concurrent)

    return build


def take(worker, *, is_for_order=False, lease_s=60.0):
    return worker.take(lease_s=lease_s, is_for_order=is_for_order)


def test_slots_are_shared_and_a_quarter_is_reserved_for_orders(worker):
    first, second = worker(), worker()
    for each in (first, second, first):
        take(each)

    with pytest.raises(TemporaryError, match="none free"):
        take(second)
    take(second, is_for_order=True)
    with pytest.raises(TemporaryError, match="none free"):
        take(first, is_for_order=True)


def test_the_slot_of_a_killed_worker_expires_and_a_renewed_slot_is_held_until_released(worker):
    first, second = worker(max_concurrent=1), worker(max_concurrent=1)
    take(first, lease_s=0.2)  # and the worker is killed
    with pytest.raises(TemporaryError):
        take(second)
    time.sleep(0.3)

    held = take(second, lease_s=0.2)
    second.renew(held, lease_s=60)
    time.sleep(0.3)

    with pytest.raises(TemporaryError):
        take(first)
    second.release(held)
    take(first)


def test_a_short_call_does_not_release_the_slot_of_a_long_one(worker):
    first, second = worker(), worker()
    for _ in range(2):
        take(first, lease_s=600)
    second.release(take(second, lease_s=1))

    assert first._leases._redis.ttl(first._key) > 500


def test_without_redis_each_worker_counts_its_own_slots(worker, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    first, second = worker(max_concurrent=1), worker(max_concurrent=1)
    held = take(first)

    with pytest.raises(TemporaryError):
        take(first)
    take(second)
    first.release(held)
    take(first)
