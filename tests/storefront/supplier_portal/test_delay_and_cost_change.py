"""A supplier reports a later ship date or a higher price on its page."""

from decimal import Decimal

import pytest

from orders.models import Backorder, PaymentEvent, PurchaseLine
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.storefront.supplier_portal.client import fresh, path_of, post
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def accept(client, purchase_order, *, ships_by="", costs=()):
    lines = list(purchase_order.lines.order_by("pk"))
    given = {f"line_{line.order_line_id}": "ship" for line in lines}
    for line, cost in zip(lines, costs, strict=False):
        given[f"cost_{line.order_line_id}"] = cost
    return post(client, purchase_order, "answer/", **given, ships_by=ships_by)


def make_unknown_profit(listing):
    purchase_order = make_sent_purchase_order(listing)
    PurchaseLine.objects.update(cost_currency="USD")
    return purchase_order


def test_later_date_is_stored_and_the_customer_will_be_asked(client):
    purchase_order = make_sent_purchase_order()

    accept(client, purchase_order, ships_by="2026-12-10")

    assert fresh(purchase_order).status == "in_progress"
    backorder = Backorder.objects.get()
    assert (backorder.kind, f"{backorder.ships_by}") == ("later", "2026-12-10")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        *(({"ships_by": day}, "Enter a date") for day in ("2026-11-23", "2027-11-24", "soon")),
        ({"ships_by": "2026-02-31"}, "Enter a date"),
        *(
            ({"costs": [price]}, "Enter a price such as 12.50")
            for price in ("-1", "0", "abc", "1e9", "12.505")
        ),
    ],
)
def test_invalid_input_shows_an_error_and_changes_nothing(client, given, words):
    purchase_order = make_sent_purchase_order()

    response = accept(client, purchase_order, **given)

    assert response.status_code == 422
    assert words in Page(response).text
    assert fresh(purchase_order).status == "ready"
    assert not Backorder.objects.exists()


@pytest.mark.parametrize(
    ("make", "cost", "agreed", "status"),
    [
        (make_sent_purchase_order, "12.50", "12.50", "in_progress"),
        (make_sent_purchase_order, "10.10", "10.00", "in_progress"),  # a rounding difference
        (make_sent_purchase_order, "45.00", "10.00", "canceled"),
        (make_unknown_profit, "12.50", "10.00", "canceled"),
        (make_accepted_purchase_order, "45.00", "10.00", "in_progress"),
    ],
    ids=["profitable", "as before", "loss", "unknown profit", "accepted before"],
)
def test_only_a_profitable_new_price_is_accepted(client, make, cost, agreed, status):
    purchase_order = make(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=[cost])

    assert fresh(purchase_order).status == status
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal(agreed)
    is_canceled = status == "canceled"
    assert Backorder.objects.filter(kind="refused").count() == is_canceled
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == (not is_canceled)
    page = Page(client.get(path_of(purchase_order)))
    assert ("Please do not ship it" in page.text) == is_canceled
