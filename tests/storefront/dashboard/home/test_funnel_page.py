"""Page Funnel: steps with their shares, searches without results, filters, rights, CSV."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.dashboard.models import DailyVisits, EmptySearch
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.order_gaps import make_history
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MAX_STATEMENTS = 12


@pytest.fixture
def channel():
    channel = make_channel()
    make_history(channel, per_day=1, weeks=1)
    for days, views in ((1, 40), (30, 10)):
        day = NOON.date() - timedelta(days=days)
        DailyVisits.objects.create(day=day, channel=channel, views=views, carts=20, checkouts=0)
    EmptySearch.objects.create(day=NOON.date(), channel=channel, text="<kite>", count=3)
    return channel


def shown(client, **asked):
    return client.get(reverse("supply:funnel"), asked)


def test_page_shows_the_share_of_each_step(staff, channel):
    with CaptureQueriesContext(connection) as statements:
        page = shown(staff)

    rows = {row.label: row for row in page.context["steps"]}
    assert (rows["New carts"].count, rows["New carts"].rate) == (20, 0.5)
    assert (rows["New carts"].before, rows["New carts"].rate_before) == (20, 2)
    assert (rows["Paid orders"].count, rows["Paid orders"].rate) == (7, None)
    content = page.content.decode()
    assert "&lt;kite&gt;" in content
    assert "?q=%3Ckite%3E" in content
    assert "<svg" in content
    assert len(statements) <= MAX_STATEMENTS, [each["sql"][:90] for each in statements]


def test_a_script_refreshes_only_the_part_with_numbers(staff, channel):
    page = shown(staff, period="7").content.decode()
    part = shown(staff, period="7", part="1").content.decode()

    assert 'data-refresh="?period=7&amp;part=1"' in page
    assert "<html" not in part
    assert "New carts" in part
    assert "part=1" not in part


def test_page_without_visits_says_so(staff, channel):
    page = shown(staff, period="custom", since="2026-01-01", until="2026-01-02")

    assert "No search was without results in this period." in page.content.decode()
    assert "<svg" not in page.content.decode()


def test_wrong_filters_are_explained(staff, channel):
    page = shown(staff, period="x", channel="none")

    assert page.content.decode().count("Select a valid choice") == 2
    assert page.context["steps"][0].count == 40


def test_files_hold_days_and_searches(staff, channel):
    days = shown(staff, csv="days", channel=channel.code).getvalue().decode().splitlines()
    searches = shown(staff, csv="searches").getvalue().decode().splitlines()

    assert days[-1] == f"{NOON.date() - timedelta(days=1)},40,20,0,1"
    assert searches[1] == f"<kite>,3,{NOON.date()}"


def test_searches_need_their_right(client, channel):
    client.force_login(make_staff("nothing"))
    assert shown(client).status_code == 403

    client.force_login(make_staff("looker", "view_order"))
    assert "kite" not in shown(client).content.decode()
    assert "kite" not in shown(client, csv="searches").getvalue().decode()
