"""Quotas over all workers: windows by the clock, points reserved for orders, daily spreading."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from suppliers.connectors.cj.client import POINTS_QUOTA
from suppliers.connectors.context import Quota
from suppliers.connectors.records import QuotaExceededError
from suppliers.models import CallQuota, Connection
from suppliers.resilience import quotas as resilience_quotas
from suppliers.resilience.quotas import DatabaseQuotaCounter

pytestmark = pytest.mark.django_db

SMALL = Quota(name="small", points=100, window_s=3600, reserved_for_orders=20)


@pytest.fixture
def budget(supplier):
    return DatabaseQuotaCounter(supplier.connection.pk)


def database_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


def test_a_daily_window_ends_at_midnight_utc(budget):
    budget.spend(POINTS_QUOTA, points=50)

    until = CallQuota.objects.get().until.astimezone(UTC)
    assert (until.hour, until.minute, until.second, until.microsecond) == (0, 0, 0, 0)
    assert timedelta(0) < until - database_now() <= timedelta(days=1)


def test_other_windows_start_with_the_first_call_and_have_all_points(budget):
    budget.spend(SMALL, points=80)
    assert CallQuota.objects.get().until - database_now() == timedelta(hours=1)
    CallQuota.objects.update(until=database_now() - timedelta(seconds=1))

    budget.spend(SMALL, points=70)

    assert CallQuota.objects.get().used == 70


def test_the_last_points_are_reserved_for_orders(budget):
    budget.spend(SMALL, points=80)

    with pytest.raises(QuotaExceededError) as caught:
        budget.spend(SMALL)
    budget.spend(SMALL, points=20, is_for_order=True)
    with pytest.raises(QuotaExceededError):
        budget.spend(SMALL, is_for_order=True)

    assert caught.value.until == CallQuota.objects.get().until
    assert budget.remaining(SMALL) == 0


def test_the_remainder_that_the_supplier_reports_overrides_our_count(budget):
    budget.spend(POINTS_QUOTA, points=50)

    budget.set_remaining(POINTS_QUOTA, remaining=900, total=51_000, until=None)

    row = CallQuota.objects.get()
    assert (row.total, row.used, budget.remaining(POINTS_QUOTA)) == (51_000, 50_100, 900)


def spread_at(supplier, now, *quotas):
    until = resilience_quotas.spread_over_window(
        connection_id=supplier.connection.pk, quotas=quotas, now=now
    )
    row = Connection.objects.get(pk=supplier.connection.pk)
    assert row.paused_until == until
    return until


@pytest.mark.parametrize(
    ("used", "hour", "quota", "paused_until_hour"),
    [
        (12_250, 1, POINTS_QUOTA, 6),
        (24_500, 1, POINTS_QUOTA, 12),
        (49_000, 1, POINTS_QUOTA, 24),
        (60_000, 1, POINTS_QUOTA, 24),
        (12_250, 7, POINTS_QUOTA, None),  # the used share of the day has passed
        (12_250, 25, POINTS_QUOTA, None),  # another day
        (12_250, 1, replace(POINTS_QUOTA, is_spread=False), None),
    ],
)
def test_syncs_pause_until_their_share_of_the_day_has_passed(
    supplier, used, hour, quota, paused_until_hour
):
    """1,000 of 50,000 points are reserved for orders: 24,500 used points are half a day's share."""
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    CallQuota.objects.create(
        connection=supplier.connection,
        name="points",
        total=50_000,
        used=used,
        until=midnight + timedelta(days=1),
    )

    until = spread_at(supplier, midnight + timedelta(hours=hour), quota)

    assert until == (paused_until_hour and midnight + timedelta(hours=paused_until_hour))
