"""Concurrent publication: each queued variant is processed exactly once."""

import threading
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from storefront.lib.db import advisory_locks
from suppliers.inventory import publication
from suppliers.models import PendingPublication
from tests.factories.catalog import make_product, make_variant
from tests.factories.feeds import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_publish_each_variant_once(shop, monkeypatch):
    for number in range(24):
        variant = make_variant(product=make_product(slug=f"p-{number}"), sku=f"V-{number}")
        PendingPublication.objects.create(variant=variant)
    published, meeting = Counter(), threading.Barrier(2, timeout=20)
    real, firsts = publication.publish, threading.local()

    def publish(*, variant_ids, now):
        if not hasattr(firsts, "met"):
            firsts.met = meeting.wait()  # both workers run at the same time
        published.update(variant_ids)
        return real(variant_ids=variant_ids, now=now)

    monkeypatch.setattr(publication, "publish", publish)

    all_at_once([lambda: publication.publish_pending(now=NOON)] * 2, ())

    assert set(published.values()) == {1}
    assert len(published) == 24
    assert not PendingPublication.objects.exists()


def test_items_added_to_a_held_slice_are_done_by_the_waiting_worker():
    is_held, may_end, done = threading.Event(), threading.Event(), []

    def first():
        for _ in advisory_locks.lock_slices("test", has_work=lambda _: False):
            is_held.set()
            may_end.wait(20)

    def second():
        is_held.wait(20)
        done.extend(advisory_locks.lock_slices("test", has_work=lambda _: may_end.set() or True))

    all_at_once([first, second], ())

    assert sorted(done) == list(range(advisory_locks.SLICES))


def test_only_slices_with_queued_variants_are_locked(shop, django_assert_num_queries):
    variant = make_variant(product=make_product(slug="one"), sku="ONE")
    PendingPublication.objects.create(variant=variant)

    with CaptureQueriesContext(connection) as asked:
        assert publication.publish_pending(now=NOON) == 1

    assert sum("pg_try_advisory_lock" in each["sql"] for each in asked) == 1
    with django_assert_num_queries(1):
        publication.publish_pending(now=NOON)
