import pytest

from tests.factories.accounts import make_staff
from tests.factories.orders import make_order, make_sellable

pytestmark = pytest.mark.django_db


def found(client, text):
    return client.get("/admin/search/", {"s": text}).content.decode()


@pytest.mark.parametrize("text", ["number", "name", "phone", "email"])
def test_an_order_is_found_by_what_a_customer_says(admin_client, text):
    order = make_order(make_sellable())
    texts = {
        "number": order.number,
        "name": order.ship_to["name"].upper(),
        "phone": order.ship_to["phone"][-6:],
        "email": order.email,
    }

    assert f"/admin/orders/order/{order.pk}/change/" in found(admin_client, texts[text])


def test_a_variant_is_found_by_its_sku(admin_client):
    variant = make_sellable().variant
    assert f"/admin/catalog/variant/{variant.pk}/change/" in found(admin_client, variant.sku)


def test_only_tables_that_the_user_may_see_are_searched(client):
    client.force_login(make_staff("clerk", "view_variant"))
    listing = make_sellable()
    order = make_order(listing)

    assert order.number not in found(client, order.number)
    assert "/admin/catalog/variant/" in found(client, listing.variant.sku)
