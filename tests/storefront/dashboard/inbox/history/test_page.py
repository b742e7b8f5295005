"""Page Inbox statistics: weeks, causes, untouched orders, CSV and rights."""

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.dashboard.figures import rollup
from storefront.dashboard.models import HandledOrder, InboxCase
from tests.factories.accounts import make_staff
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
URL = reverse("supply:inbox_statistics")
MAX_STATEMENTS = 16
LATE, HELD = "submission_late", "purchase_order_on_hold"


@pytest.fixture
def cases():
    for number, (cause, by, hours) in enumerate(
        [(LATE, "staff", 1), (LATE, "itself", 2), (LATE, "itself", 9), (HELD, "", 0)]
    ):
        settled_at = NOON + timedelta(hours=hours) - timedelta(days=8) if by else None
        InboxCase.objects.create(
            cause=cause,
            row=number,
            opened_at=NOON - timedelta(days=8),
            settled_at=settled_at,
            settled_by=by,
        )


def shown(client, **asked):
    return client.get(URL, asked)


def test_cases_are_counted_by_week_and_by_cause(staff, cases):
    with CaptureQueriesContext(connection) as statements:
        page = shown(staff)

    this_week, last_week, *earlier = page.context["weeks"]
    assert (this_week.cases.opened, len(earlier)) == (0, 10)
    counts = last_week.cases
    assert (counts.opened, counts.by_staff, counts.by_itself) == (4, 1, 2)
    assert counts.median_s == 2 * 3600
    rows = {row.cause.code: row.counts for row in page.context["causes"]}
    assert (rows[LATE].opened, rows[HELD].opened, rows[HELD].median_s) == (3, 1, None)
    assert "<svg" in page.content.decode()
    assert len(statements) <= MAX_STATEMENTS
    assert LATE in staff.get(reverse("supply:waiting", args=[LATE])).content.decode()


def test_one_cause_and_a_shorter_period_can_be_chosen(staff, cases):
    page = shown(staff, cause=HELD, weeks="4")

    assert [week.cases.opened for week in page.context["weeks"]] == [0, 1, 0, 0]
    assert [row.cause.code for row in page.context["causes"]] == [HELD]
    wrong = shown(staff, cause="nothing", weeks="5")
    assert "Select a valid choice" in wrong.content.decode()
    assert len(wrong.context["weeks"]) == 12


def test_share_of_orders_that_no_staff_member_touched(staff):
    orders = [make_paid_order(make_sellable()) for _ in range(4)]
    rollup.refresh(now=NOON)
    HandledOrder.objects.create(order=orders[0], at=NOON)

    week = shown(staff).context["weeks"][0]

    assert (week.orders, week.handled, week.untouched_rate) == (4, 1, 0.75)
    assert shown(staff).context["weeks"][1].untouched_rate is None


def test_csv_has_a_row_for_each_week_and_cause(staff, cases):
    text = shown(staff, csv="1").getvalue().decode("utf-8-sig")

    _head, *rows = csv.reader(text.splitlines())
    assert sorted(row[1:] for row in rows) == [
        ["Purchase order on hold", "1", "0", "0", "0", ""],
        ["Purchase order submission is overdue", "3", "1", "0", "2", "7200"],
    ]


def test_only_causes_that_the_user_may_see_are_counted(client, cases):
    client.force_login(make_staff("ann", "view_inboxcase", "view_customerinvoice", "view_payment"))
    page = shown(client)
    assert page.context["causes"] == []
    assert "Orders untouched by hand" not in page.content.decode()
    assert "No cases in this period" in page.content.decode()

    client.force_login(make_staff("bob", "view_inboxcase"))
    assert shown(client).status_code == 403
    client.force_login(make_staff("cem", "view_payment"))
    assert shown(client).status_code == 403
