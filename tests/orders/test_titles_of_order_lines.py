import pytest

from catalog.models import Product
from notifications.models import Event
from orders.models import Cart, OrderLine
from tests.factories.orders import make_cart, make_sellable, order_of, pay

pytestmark = pytest.mark.django_db


def test_an_order_keeps_the_titles_and_options_of_the_sale_in_each_language():
    listing = make_sellable()
    listing.variant.option_values = ["Black", "2 pcs"]
    listing.variant.save()
    Product.objects.update(titles={"az": "Fara Cığır 400, baş fənəri"})
    cart = make_cart(listing)
    Cart.objects.update(locale="az")
    cart.refresh_from_db()

    order = pay(order_of(cart))
    Product.objects.update(titles={"az": "Başqa ad"})

    line = OrderLine.objects.get()
    assert line.titles == {"az": "Fara Cığır 400, baş fənəri, Qara / 2 ədəd"}
    placed = Event.objects.get(name="order.placed")
    assert placed.payload["locale"] == order.locale == "az"
    assert [row["title"] for row in placed.payload["lines"]] == [line.titles["az"]]
