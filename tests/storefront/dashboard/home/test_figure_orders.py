"""Page Orders in the figures: each figure is the sum of the rows that its link lists."""

import csv
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.dashboard.figures import rollup
from storefront.dashboard.models import OrderFigures
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MAX_STATEMENTS = 12
PAGE = "supply:figure_orders"
MEASURED = {
    "canceled": 1,
    "delivered": 2,
    "returned": 1,
    "refunds": Decimal("4.25"),
    "kept": 1,
    "missed": 1,
    "repeats": 1,
    "estimated": 1,
}


@pytest.fixture
def orders():
    """Make two orders of a day; the second one counts for every figure."""
    made = [make_paid_order(make_sellable(), quantity=units) for units in (1, 3)]
    rollup.refresh(now=NOON)
    OrderFigures.objects.update(estimated=0)
    OrderFigures.objects.filter(order=made[1]).update(**MEASURED)
    with transaction.atomic():
        rollup._sum_days([NOON.date()])
    return made


def figures(client, **asked):
    page = client.get(reverse("supply:figures"), asked)
    return page.context["currencies"][0]


def listed(client, link):
    content = client.get(f"{link}&csv=1").getvalue().decode("utf-8-sig")
    return list(csv.DictReader(content.splitlines()))


@pytest.mark.parametrize("filtered", [False, True])
def test_each_figure_is_the_sum_of_its_rows(staff, orders, filtered):
    line = orders[1].lines.get()
    asked = {"channel": orders[1].channel.code} if filtered else {}
    asked |= {"supplier": line.offer.supplier.code} if filtered else {}
    currency = figures(staff, **asked)
    rows = {row.label: listed(staff, row.link) for row in currency.rows}
    (day,) = currency.days

    def total(label, column):
        return sum(Decimal(row[column]) for row in rows[label])

    assert len(rows["Orders"]) == day.orders == 2
    assert total("Units", "Units ordered") == day.units
    assert total("Net sales", "Net sales") == day.revenue_amount
    assert total("Average order value", "Net sales") / len(rows["Orders"]) == pytest.approx(
        day.average.amount, abs=Decimal("0.01")
    )
    assert total("Profit", "Profit") == total("Profit margin", "Profit") == day.profit_amount
    assert total("Promise kept", "Promise kept") == day.kept == 1
    assert total("Promise kept", "Promise missed") == day.missed == 1
    assert total("Cancellation rate", "Units canceled") == day.canceled == 1
    assert total("Return rate", "Units returned") == day.returned == 1
    assert total("Repeat customers", "Orders of repeat customers") == day.repeats == 1
    for name in ("Promise kept", "Cancellation rate", "Return rate", "Repeat customers"):
        assert [row["Order"] for row in rows[name]] == [orders[1].number], name
    assert [row["Order"] for row in listed(staff, currency.estimated_link)] == [orders[1].number]
    if not filtered:  # refunds belong to no supplier
        assert total("Refunds", "Refunds") == day.refunds_amount == MEASURED["refunds"]


def test_the_orders_of_a_product_are_listed(staff, orders):
    sku = orders[0].lines.get().sku

    rows = listed(staff, f"{reverse(PAGE)}?sku={sku}")

    assert [row["Order"] for row in rows] == [orders[0].number]


def test_the_page_lists_them_with_a_link_to_each_order(staff, orders):
    (refunds,) = [row for row in figures(staff).rows if row.label == "Refunds"]
    with CaptureQueriesContext(connection) as statements:
        content = staff.get(refunds.link).content.decode()

    assert reverse("admin:orders_order_change", args=[orders[1].pk]) in content
    assert orders[0].number not in content
    assert "Number of orders: 1" in content
    assert "€4.25" in content
    assert len(statements) <= MAX_STATEMENTS, [each["sql"][:90] for each in statements]


def test_paid_orders_of_the_funnel_are_those_of_our_own_pages(staff, orders):
    elsewhere = make_channel(code="store", is_storefront=False)
    OrderFigures.objects.filter(order=orders[0]).update(channel=elsewhere)
    with transaction.atomic():
        rollup._sum_days([NOON.date()])

    paid = staff.get(reverse("supply:funnel")).context["steps"][-1]

    rows = listed(staff, paid.link)
    assert len(rows) == paid.count == 1
    assert rows[0]["Order"] == orders[1].number


def test_pages_follow_each_other(staff, orders, monkeypatch):
    monkeypatch.setattr("storefront.dashboard.home.figure_orders.PER_PAGE", 1)
    first = staff.get(reverse(PAGE)).content.decode()
    second = staff.get(reverse(PAGE), {"page": "2"}).content.decode()

    assert "Next page" in first
    assert "Previous page" not in first
    assert "Previous page" in second
    assert orders[1].number in first
    assert orders[0].number in second
    assert orders[0].number not in first


def test_wrong_filters_are_explained_and_list_nothing(staff, orders):
    page = staff.get(
        reverse(PAGE), {"figure": "x", "currency": "none", "page": "-1"}
    ).content.decode()

    assert page.count("Select a valid choice") == 2
    assert "The figure counts no orders in this period." in page
    assert "Export CSV" not in page


def test_money_and_suppliers_need_their_rights(client, orders):
    client.force_login(make_staff("nothing"))
    assert client.get(reverse(PAGE)).status_code == 403

    client.force_login(make_staff("looker", "view_order"))
    page = client.get(reverse(PAGE))
    assert "supplier" not in page.context["form"].fields
    assert "€" not in page.content.decode()
    heads = client.get(reverse(PAGE), {"csv": "1"}).getvalue().decode().splitlines()[0]
    assert "Net sales" not in heads

    client.force_login(make_staff("cashier", "view_order", "view_payment"))
    heads = client.get(reverse(PAGE), {"csv": "1"}).getvalue().decode().splitlines()[0]
    assert "Net sales" in heads
    assert "Profit" not in heads
