"""Profit report pages."""

import csv

import pytest
from django.urls import reverse

from orders.accounting import profit_report
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.pricing import make_terms
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
LIST = "supply:profits"


@pytest.fixture
def bought(noon):
    make_terms(channel=make_channel(), duty_amount=0)
    return [make_purchase_orders(make_sellable())[0] for _ in range(2)]


def test_order_page_shows_profit_and_sources(staff, bought):
    order = bought[0].order

    page = staff.get(reverse("supply:profit", args=[order.pk])).content.decode()

    assert "estimated from the purchase order, not invoiced yet" in page
    assert f"€{profit_report.statement_of(order, now=NOON).total.amount}" in page
    link = reverse("supply:profit", args=[order.pk])
    assert link in staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()


def test_grouped_rows_sum_to_all_orders(staff, bought):
    def listed(**asked):
        return staff.get(reverse(LIST), asked)

    expected = sum(profit_report.statement_of(one.order, now=NOON).total.amount for one in bought)
    for by, rows in (("order", 2), ("day", 1), ("supplier", 1)):
        shown = listed(by=by).context
        (total,) = shown["totals"]
        assert (total.profit.amount, len(shown["rows"])) == (expected, rows)
    assert listed(until="2026-11-20").context["rows"] == []
    assert len(listed(supplier=bought[0].supplier.code).context["rows"]) == 2
    assert "Select a valid choice" in listed(supplier="unknown").content.decode()
    assert "Enter a year from" in listed(until="9999-12-31").content.decode()


def test_page_says_what_is_left_out_and_the_file_has_all(staff, bought, monkeypatch):
    monkeypatch.setattr("storefront.dashboard.reports.profit_report.MAX_ORDERS", 1)

    assert staff.get(reverse(LIST)).context["left_out"] == 1
    answer = staff.get(reverse(LIST), {"csv": "1"})
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    file = answer.getvalue().decode("utf-8-sig")

    heads, *rows = list(csv.reader(file.splitlines()))
    assert [row[0] for row in rows] == [str(one.order) for one in bought]
    assert {len(row) for row in rows} == {len(heads)}


def test_report_needs_permission_to_view_invoices(client, bought):
    client.force_login(make_staff("looker", "view_order"))

    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse("supply:profit", args=[bought[0].order_id])).status_code == 403
