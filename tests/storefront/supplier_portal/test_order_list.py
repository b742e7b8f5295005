"""The list of a supplier's orders: filters, due dates, search and pages."""

from datetime import timedelta

import pytest
import time_machine

from orders.models import PurchaseOrder
from storefront.supplier_portal import order_list
from tests.factories.orders import make_purchase_orders
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import (
    counts_on,
    entries_on,
    list_path,
    numbers_on,
    path_of,
)
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def test_each_filter_shows_its_orders_and_counts(client):
    waiting, accepted, shipped = (
        make_sent_purchase_order(),
        make_accepted_purchase_order(),
        make_accepted_purchase_order(),
    )
    take_in(shipped, "shipped", make_shipment_notice())
    canceled = make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=canceled.pk).update(status="canceled")
    make_purchase_orders()  # not submitted

    shown = {name: client.get(list_path(f"?show={name}")) for name in order_list.FILTERS}

    assert {name: numbers_on(response) for name, response in shown.items()} == {
        "to_confirm": [waiting.number],
        "to_ship": [accepted.number],
        "shipped": [shipped.number],
        "closed": [canceled.number],
        "all": [waiting.number, accepted.number, canceled.number, shipped.number],
    }
    assert counts_on(shown["all"]) == [
        "To confirm 1",
        "To ship 1",
        "Shipped 1",
        "Closed 1",
        "All 4",
    ]
    assert numbers_on(client.get(list_path("?show=x"))) == [waiting.number]


def test_overdue_orders_come_first_with_their_day(client):
    late, early = make_accepted_purchase_order(), make_accepted_purchase_order()
    rows = PurchaseOrder.objects.filter(pk=late.pk)
    rows.update(accepted_at=NOON + timedelta(days=2), supplier_reference="")
    PurchaseOrder.objects.filter(pk=early.pk).update(supplier_reference="")
    with time_machine.travel(NOON + timedelta(days=4), tick=False):
        response = client.get(list_path("?show=to_ship"))

    assert entries_on(response) == [
        (early.number, "1 unit · Germany · To ship Overdue since 26 Nov"),
        (late.number, "1 unit · Germany · To ship Due on 28 Nov"),
    ]
    assert "1 order is overdue." in response.content.decode()


def test_an_announced_date_and_the_offers_handling_time_decide_when_an_order_is_due(client):
    announced, slow = make_accepted_purchase_order(), make_accepted_purchase_order()
    day = (NOON + timedelta(days=20)).date()
    client.post(
        path_of(announced, "answer/"),
        {f"line_{announced.lines.get().order_line_id}": "ship", "ships_by": day.isoformat()},
    )
    offer = slow.lines.get().offer
    offer.lead_days = 9
    offer.save(update_fields=["lead_days"])

    due = dict(entries_on(client.get(list_path("?show=to_ship"))))

    assert due[slow.number].endswith("Due on 3 Dec")
    assert due[announced.number].endswith("Due on 14 Dec")


def test_search_finds_our_number_and_theirs(client):
    one, other = make_sent_purchase_order(), make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=other.pk).update(supplier_reference="SO-77")

    ours = client.get(list_path("?show=all&q=" + one.number.lower()))
    theirs = client.get(list_path("?show=all&q=SO-7"))
    nothing = client.get(list_path("?show=all&q=%25"))

    assert numbers_on(ours) == [one.number]
    assert numbers_on(theirs) == [other.number]
    assert "SO-77" in theirs.content.decode()
    assert numbers_on(nothing) == []
    assert "No orders here." in nothing.content.decode()


def test_pages_of_the_list(client, monkeypatch):
    monkeypatch.setattr(order_list, "PAGE_SIZE", 1)
    one, other = make_sent_purchase_order(), make_sent_purchase_order()

    first, second = (client.get(list_path(f"?page={page}")) for page in (1, 2))

    assert {*numbers_on(first), *numbers_on(second)} == {one.number, other.number}
    assert "Next page" in first.content.decode()
    assert "Previous page" in second.content.decode()


@pytest.mark.parametrize("language", ["en", "az"])
def test_list_is_valid_html(client, language):
    make_sent_purchase_order()
    page = Page(client.get(list_path(language=language)))

    assert page.faults == []
    assert page.unlabeled() == []
