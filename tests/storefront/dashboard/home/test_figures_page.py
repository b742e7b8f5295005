"""Page Figures: filters, rights, CSV, drill-down and its statements."""

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import DailySales, Listing
from notifications.models import Message
from orders.models import Order
from storefront.dashboard.figures import rollup
from tests.factories.accounts import make_staff
from tests.factories.notifications import make_message
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MAX_STATEMENTS = 16


@pytest.fixture
def sold(noon):
    earlier = make_paid_order(make_sellable())
    Order.objects.filter(pk=earlier.pk).update(placed_at=NOON - timedelta(days=40))
    order = make_paid_order(make_sellable(), quantity=2)
    rollup.refresh(now=NOON)
    line = order.lines.get()
    DailySales.objects.create(channel=order.channel, variant=line.variant, day=NOON.date(), units=2)
    return order


def shown(client, **asked):
    return client.get(reverse("supply:figures"), asked)


def rows(response):
    return {row.label: row for row in response.context["currencies"][0].rows}


def test_the_page_compares_a_period_with_the_one_before(staff, sold):
    with CaptureQueriesContext(connection) as statements:
        page = shown(staff)

    content = page.content.decode()
    assert rows(page)["Orders"].value == "1"
    assert (rows(page)["Units"].before, rows(page)["Units"].change) == ("1", "+100 %")
    assert (rows(page)["Refunds"].value, rows(page)["Refunds"].before) == ("€0.00", "€0.00")
    assert "Profit is net sales minus all costs" in content
    assert "Average order value" in content
    ((product, link),) = page.context["products"]
    assert product["sold"] == 2
    assert f"sku={product['variant__sku']}" in link
    assert len(statements) <= MAX_STATEMENTS, [each["sql"][:90] for each in statements]


def test_each_state_leads_to_its_rows(staff, sold):
    message = make_message()
    Message.objects.filter(pk=message.pk).update(status="failed")
    states = {state.label: state for state in shown(staff).context["states"]}

    for state in states.values():
        assert staff.get(state.link.partition("#")[0]).status_code == 200, state.label
    for name in ("Failed messages", "Silent parcels"):
        listed = staff.get(states[name].link).context["cl"]
        assert listed.result_count == states[name].count, name
    assert states["Failed messages"].count == 1


@pytest.mark.parametrize(
    ("asked", "orders"),
    [
        ({"period": "1"}, 1),
        ({"period": "90"}, 2),
        ({"period": "custom", "since": "2026-10-01", "until": "2026-10-30"}, 1),
        ({"supplier": "acme"}, 1),
    ],
)
def test_filters_choose_the_days_and_the_supplier(staff, sold, asked, orders):
    if "supplier" in asked:
        asked = {"supplier": sold.lines.get().offer.supplier.code, "channel": sold.channel.code}

    assert rows(shown(staff, **asked))["Orders"].value == str(orders)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"period": "custom"}, "Enter the first and the last day."),
        (
            {"period": "custom", "since": "2026-10-02", "until": "2026-10-01"},
            "The last day must be on or after the first day",
        ),
        (
            {"period": "custom", "since": "0001-01-01", "until": "9999-12-31"},
            "Enter a year from 1900 to 2100.",
        ),
        ({"period": "5"}, "Select a valid choice"),
        ({"channel": "unknown"}, "Select a valid choice"),
    ],
)
def test_wrong_filters_are_explained_and_the_page_shows_30_days(staff, sold, asked, message):
    page = shown(staff, **asked)

    assert message in page.content.decode()
    assert rows(page)["Orders"].value == "1"


def test_a_period_without_orders_says_so(staff, noon):
    assert "No orders were paid in this period." in shown(staff).content.decode()


def test_money_profit_and_suppliers_need_their_rights(client, sold):
    client.force_login(make_staff("nothing"))
    assert shown(client).status_code == 403

    client.force_login(make_staff("looker", "view_order"))
    page = shown(client)
    labels = set(rows(page))
    content = page.content.decode()
    assert {"Orders", "Promise kept"} <= labels
    assert not {"Net sales", "Profit", "Refunds"} & labels
    assert "supplier" not in page.context["form"].fields
    assert "€" not in content

    client.force_login(make_staff("cashier", "view_order", "view_payment"))
    assert {"Net sales", "Refunds"} <= set(rows(shown(client)))
    assert "Profit" not in shown(client, part="1").content.decode()


def test_the_file_has_each_day_and_no_column_without_its_right(staff, client_factory, sold):
    answer = shown(staff, period="90", csv="1")
    heads, *days = list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))
    assert ([day[2] for day in days], heads[-1]) == (["1", "1"], "Profit")

    client = client_factory()
    client.force_login(make_staff("looker", "view_order"))
    heads = shown(client, csv="1").getvalue().decode().splitlines()[0]
    assert "Profit" not in heads
    assert "Net sales" not in heads


def test_stock_is_counted_by_the_days_that_it_lasts_and_the_link_lists_it(staff, sold):
    listing = Listing.objects.get(variant=sold.lines.get().variant)
    DailySales.objects.update(units=28)  # one a day

    def states(available):
        Listing.objects.filter(pk=listing.pk).update(available=available)
        page = shown(staff, channel=listing.channel.code)
        return {each.label: each for each in page.context["states"]}

    cases = ((2, "less than 3"), (3, "3 to 7"), (7, "7 to 14"), (14, ""))
    for available, days in cases:
        found = {name: each for name, each in states(available).items() if "Stock for" in name}
        assert [name for name, each in found.items() if each.count] == (
            [f"Stock for {days} days"] if days else []
        )
        for each in found.values():
            listed = staff.get(each.link).context["cl"].result_list
            assert [row.pk for row in listed] == [listing.pk] * each.count
    assert states(0)["Sold out"].count == 1
    listed = staff.get(states(0)["Sold out"].link).context["cl"].result_list
    assert [row.pk for row in listed] == [listing.pk]


def test_page_says_that_changed_orders_are_still_counted(staff, sold):
    assert "Changed orders are being counted" not in shown(staff).content.decode()

    make_paid_order(make_sellable())

    assert "Changed orders are being counted" in shown(staff, part="1").content.decode()
