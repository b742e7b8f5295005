from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.dashboard.home import kpis
from storefront.lib.money import Money
from storefront.lib.security.proxy_check import MIN_RUN
from tests.factories.accounts import make_staff
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]

MIDNIGHT = NOON.replace(hour=0)


def test_start_page_shows_kpis_and_inbox_in_few_queries(staff):
    with time_machine.travel(NOON, tick=False):
        staff.get(reverse("admin:index"))  # records the session, once a minute
        with CaptureQueriesContext(connection) as queries:
            response = staff.get(reverse("admin:index"))

    page = response.content.decode()
    assert response.status_code == 200
    for words in ("Import rows rejected", "Webhook could not be processed", "Needs attention"):
        assert words in page
    assert len(queries) <= 12, [query["sql"][:80] for query in queries]


def test_start_page_warns_of_a_shared_proxy_address(client, settings):
    settings.TRUSTED_PROXIES = 0
    cache.clear()
    client.force_login(make_staff("clerk"))

    assert "All visitors have the same address" not in client.get("/admin/").content.decode()
    for _ in range(MIN_RUN):
        client.get(
            "/robots.txt", headers={"x-forwarded-for": "203.0.113.9"}, REMOTE_ADDR="10.0.0.2"
        )
    page = client.get("/admin/").content.decode()

    assert "All visitors have the same address" in page
    assert "came from 10.0.0.2" in page
    assert "Now it is 0." in page


def test_each_part_needs_permission_for_its_tables(client):
    client.force_login(make_staff("nothing"))
    empty = client.get(reverse("admin:index")).content.decode()
    client.force_login(make_staff("packer", "view_parcel"))
    page = client.get(reverse("admin:index")).content.decode()

    assert "All caught up" in empty
    assert "Supplier sync status" not in empty
    assert "Payments today" not in empty + page
    assert "In transit" in page
    assert reverse("admin:shipping_parcel_changelist") in page
    assert reverse("admin:orders_order_changelist") not in page


def test_orders_are_counted_by_status_and_final_statuses_only_for_today():
    today = {row.status: (row.count, row.today) for row in kpis.orders(midnight=MIDNIGHT)}
    tomorrow = kpis.orders(midnight=MIDNIGHT + timedelta(days=2))

    assert today == {
        "pending_payment": (1, 1),
        "placed": (1, 1),
        "on_hold": (0, 0),
        "processing": (3, 3),
        "completed": (2, 2),
        "canceled": (2, 2),
        "expired": (1, 1),
    }
    assert {row.status: (row.count, row.today) for row in tomorrow}["processing"] == (3, 0)
    assert {row.status: (row.count, row.today) for row in tomorrow}["completed"] == (0, 0)


def test_todays_payments_are_summed_by_currency():
    money = kpis.money(midnight=MIDNIGHT)

    # Each order has two lamps and delivery. Eight are paid, a supplier accepted four of them, and
    # one lamp was returned.
    assert money == {
        "authorized": [Money(Decimal("84.88") * 8, "EUR")],
        "captured": [Money(Decimal("84.88") * 4, "EUR")],
        "refunded": [Money(Decimal("39.99"), "EUR")],
    }


def test_parcels_are_counted_by_status():
    assert kpis.parcels(midnight=MIDNIGHT) == {
        "created_today": 3,
        "waiting": 0,
        "in_transit": 1,
        "delivered_today": 2,
    }
