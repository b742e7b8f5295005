"""A supplier that has only a part of a line enters how many units it ships."""

import pytest

from orders.models import Backorder, OrderLine
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order
from tests.storefront.supplier_portal.client import fresh, path_of, post
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def post_answer(client, purchase_order, word, some):
    line = purchase_order.lines.order_by("pk").first()
    given = {f"line_{line.order_line_id}": word, f"some_{line.order_line_id}": some}
    return post(client, purchase_order, "answer/", **given)


@pytest.mark.parametrize(
    ("word", "code"), [("ship", "out_of_stock"), ("discontinued", "discontinued")]
)
def test_two_of_three_units_ship_and_the_rest_is_rerouted(client, word, code):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    response = post_answer(client, purchase_order, word, "2")

    assert response["Location"].endswith("?done=answered")
    purchase_order = fresh(purchase_order)
    assert purchase_order.submission_status == "partially_accepted"
    assert sorted(OrderLine.objects.values_list("quantity", flat=True)) == [1, 2]
    assert Backorder.objects.get().lines.get().code == code
    page = Page(client.get(path_of(purchase_order)))
    assert "Rejected:" in page.text.split("Items you do not ship")[1]
    assert "of 2" in page.text  # what is left to ship


@pytest.mark.parametrize(
    ("word", "some", "status"), [("ship", "3", "accepted"), ("out_of_stock", "0", "rejected")]
)
def test_all_or_no_units_are_no_partial_line(client, word, some, status):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    post_answer(client, purchase_order, word, some)

    assert fresh(purchase_order).submission_status == status
    assert OrderLine.objects.get().quantity == 3


@pytest.mark.parametrize(
    ("word", "some", "says"),
    [
        ("ship", "0", "Choose a reason."),
        ("ship", "4", "Enter how many of the 3 units you ship."),
        ("ship", "-1", "Enter how many of the 3 units you ship."),
        ("ship", "some", "Enter how many of the 3 units you ship."),
        ("out_of_stock", "3", "Ship the full quantity, or enter a smaller one."),
    ],
)
def test_invalid_quantity_shows_an_error_and_changes_nothing(client, word, some, says):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    response = post_answer(client, purchase_order, word, some)

    assert response.status_code == 422
    assert says in Page(response).text
    assert all("open" not in one for one in Page(response).all("details"))  # no error there
    assert fresh(purchase_order).submission_status == "submitted"


def test_single_unit_has_no_quantity_field(client):
    page = Page(client.get(path_of(make_sent_purchase_order())))

    assert "if not all" not in page.text
