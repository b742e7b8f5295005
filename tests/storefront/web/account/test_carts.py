import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Cart, Order
from storefront.accounts.models import SavedAddress
from tests.factories.accounts import make_shopper, sign_in
from tests.factories.orders import make_order, make_payment
from tests.storefront.web.conftest import WHO, make_light

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account():
    return make_shopper()


def count(client):
    cookie = client.cookies.get("fara_cart_count")
    return cookie.value if cookie else ""


def add(client, listing, quantity=1):
    return client.post("/en/cart/add/", {"listing": listing.pk, "quantity": quantity})


def test_guest_cart_joins_the_account_cart_at_sign_in(filled, light):
    sign_in(filled)
    at_home = count(filled)
    filled.post("/en/account/sign-out/")
    after = filled.get("/en/cart/").content.decode()

    elsewhere = Client(HTTP_SEC_FETCH_SITE="same-origin")
    add(elsewhere, light, 2)
    sign_in(elsewhere)

    assert at_home == "1"
    assert "Trail 400" not in after
    assert count(filled) == ""
    assert count(elsewhere) == "3"
    assert Cart.objects.count() == 1


def test_two_devices_fill_one_cart(customer, light, account):
    other = make_light(title="Hearth", slug="hearth")
    phone = Client(HTTP_SEC_FETCH_SITE="same-origin")
    sign_in(customer)
    sign_in(phone)

    add(customer, light)
    add(phone, other)

    assert "Hearth" in customer.get("/en/cart/").content.decode()
    assert Cart.objects.get().owner == account


def test_order_with_another_email_is_listed_and_its_address_offered(filled, account, light):
    sign_in(filled)
    filled.post("/en/checkout/", {**WHO, "email": "gift@example.org"})
    filled.post("/en/checkout/delivery/", {"tier": "economy"})
    filled.post("/en/checkout/place/", {"agreed": "44.89"})
    order = Order.objects.get()
    path = f"/en/orders/{order.number}/{order.access_key}/"
    new = f"/en/account/addresses/new/?order={order.number}"

    listed = filled.get("/en/account/").content.decode()
    assert order.number in listed
    assert order.lines.get().title in listed
    assert new in filled.get(path).content.decode()
    assert 'value="Musterweg 1"' in filled.get(new).content.decode()
    add(filled, light)
    assert 'value="Musterweg 1"' in filled.get("/en/checkout/").content.decode()

    SavedAddress.objects.create(user=account, address=order.ship_to)
    assert new not in filled.get(path).content.decode()
    other = make_order(light)
    theirs = filled.get(f"/en/account/addresses/new/?order={other.number}").content.decode()
    assert "Musterweg 1" not in theirs, "the address of another customer"


def test_query_count_is_independent_of_orders(customer, account, light):
    sign_in(customer)

    def queries():
        order = make_order(light)
        make_payment(order)
        Cart.objects.filter(order=order).update(owner=account)
        with CaptureQueriesContext(connection) as asked:
            assert order.number in customer.get("/en/account/").content.decode()
        return len(asked)

    queries()  # fills caches
    assert queries() == queries()
