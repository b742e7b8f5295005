"""Sweeps of store orders: what a poll imports, and what stops no other order."""

from datetime import timedelta

import pytest

from storefront.dev.sandboxes.in_memory_platform import InMemoryPlatform
from storefront.lib.http.errors import TemporaryError
from storefront.sales_channels.models import RemoteOrderRecord
from storefront.sales_channels.orders import intake, sweeps, webhooks
from storefront.sales_channels.platforms.base import UnreadableOrder
from tests.factories.remote_orders import (
    change_remote_order,
    make_line,
    make_remote_order,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_the_poll_takes_in_what_changed_since_the_last_one(connection, store, lamp):
    make_remote_order(store, lamp, placed_at=NOON - DAY, updated_at=NOON - DAY, external_id="1")
    make_remote_order(store, lamp, external_id="2", updated_at=NOON + timedelta(minutes=1))

    assert sweeps.poll(connection=connection, now=NOON) == 1

    connection.refresh_from_db()
    assert connection.orders_until == NOON + timedelta(minutes=1)
    assert [record.external_id for record in RemoteOrderRecord.objects.all()] == ["2"]


def test_a_time_in_the_future_hides_no_later_order(connection, store, lamp):
    make_remote_order(store, lamp, updated_at=NOON + 400 * DAY)
    sweeps.poll(connection=connection, now=NOON)
    soon = NOON + timedelta(minutes=10)
    make_remote_order(store, lamp, external_id="2", updated_at=soon)

    sweeps.poll(connection=connection, now=soon)

    assert set(RemoteOrderRecord.objects.values_list("status")) == {("imported",)}
    assert RemoteOrderRecord.objects.count() == 2


def test_an_unreadable_order_stops_no_other_and_is_due(connection, store, lamp, monkeypatch):
    order = make_remote_order(store, lamp)
    unreadable = UnreadableOrder(external_id="7", problem="no address")
    monkeypatch.setattr(
        InMemoryPlatform, "orders_since", lambda _self, _since: iter([unreadable, order])
    )

    sweeps.poll(connection=connection, now=NOON)

    statuses = dict(RemoteOrderRecord.objects.values_list("external_id", "status"))
    assert statuses == {"7": "received", "1001": "imported"}
    assert RemoteOrderRecord.objects.get(external_id="7").due_at == NOON


def test_a_removed_app_pauses_the_store_until_staff_act(connection, store, lamp):
    make_remote_order(store, lamp)

    for _ in range(2):
        assert webhooks.apply(connection, external_id="uninstalled||d1", now=NOON)
    webhooks.apply(connection, external_id="order|1001|d2", now=NOON)

    connection.refresh_from_db()
    assert (connection.status, connection.is_unauthorized) == ("paused", True)
    assert RemoteOrderRecord.objects.get().status == "received"


def test_an_order_before_the_connection_is_not_ours(connection, store, lamp):
    make_remote_order(store, lamp, placed_at=NOON - DAY)

    sweeps.poll(connection=connection, now=NOON)
    assert RemoteOrderRecord.objects.count() == 0

    change_remote_order(store, updated_at=NOON + DAY)
    sweeps.poll(connection=connection, now=NOON + DAY)
    assert RemoteOrderRecord.objects.count() == 0
    assert take_in(connection).status == "ignored"  # a webhook names it


def test_an_order_that_the_store_fails_to_change_stops_no_other(connection, store, lamp):
    connection.refuse_after_hours = 0
    connection.save(update_fields=["refuse_after_hours"])
    make_remote_order(store, lines=[make_line(lamp, quantity=6)], external_id="1")
    make_remote_order(store, lamp, external_id="2")
    store.failures = [None, TemporaryError("down")]  # the list is read, the refund fails

    sweeps.poll(connection=connection, now=NOON)

    statuses = dict(RemoteOrderRecord.objects.values_list("external_id", "status"))
    assert statuses == {"1": "refusing", "2": "imported"}


def test_a_failure_with_one_order_stops_no_other(connection, store, lamp, monkeypatch):
    make_remote_order(store, lamp, external_id="1")
    make_remote_order(store, lamp, external_id="2")
    place = intake._place

    def fail_once(record, remote, now):
        if remote.external_id == "1":
            raise ValueError("strange")
        return place(record, remote, now)

    monkeypatch.setattr(intake, "_place", fail_once)

    sweeps.poll(connection=connection, now=NOON)

    statuses = dict(RemoteOrderRecord.objects.values_list("external_id", "status"))
    assert statuses == {"1": "received", "2": "imported"}
    assert RemoteOrderRecord.objects.get(external_id="1").due_at > NOON
