"""Split shipments: show a line in two parcels, price each parcel, charge their sum."""

import re
from decimal import Decimal

import pytest

from catalog.models import Channel, Listing
from orders.gateways import gateway_for
from orders.models import Cart, Order
from orders.payments import updates
from orders.purchasing import submission
from shipping.models import LiveRateLocation
from shipping.rates import quotes
from tests.factories.backorders import also_at
from tests.factories.orders import make_sellable
from tests.factories.pricing import make_terms
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_location, make_supplier
from tests.shipping.rates.test_live_rates import Freighter, connect, make_far, option
from tests.storefront.web.checkout.test_views import agreed, to_review
from tests.storefront.web.conftest import make_light

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_places(light):
    """Five units here, and four there."""
    Channel.objects.update(max_split_locations=2)
    also_at(light, quantity=4)
    Listing.objects.filter(pk=light.pk).update(available=9)
    quotes.clear_cache()
    return light


def test_pages_show_the_units_of_each_parcel(customer, two_places):
    added = customer.post("/en/cart/add/", {"listing": two_places.pk, "quantity": 10})
    assert added.status_code == 409
    assert "Only 9 available right now." in added.content.decode()
    customer.post("/en/cart/add/", {"listing": two_places.pk, "quantity": 9})

    page = customer.get("/en/cart/").content.decode()

    assert "5 of 9 are in this parcel." in page
    assert "4 of 9 are in this parcel." in page
    assert page.count('name="quantity" type="number"') == 1  # one line, one field
    review = to_review(customer).content.decode()
    for words in ("5 × €39.99", "4 × €39.99", "€199.95", "€159.96"):
        assert words in review


# Prices of two parcels


@pytest.fixture
def shop(monkeypatch):
    """One supplier is asked for live freight, and the other has a price table: two lights."""
    light, far = make_light(), make_far()
    make_terms(channel=light.channel)
    LiveRateLocation.objects.create(location=light.level.location)
    make_service(base_amount="1.00")
    make_service(make_location(make_supplier(code="far"), "CN", "CN"), base_amount="6.50")
    supplier = connect(monkeypatch, lumen=Freighter(option("5.00")))
    return supplier, light, far


def fill(customer, *lights):
    for light in lights:
        customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})


def amounts(response):
    return re.findall(r"€(\d+\.\d\d)", response.content.decode())


def test_each_parcel_has_a_price_and_their_sum_is_paid(customer, shop):
    _, *lights = shop
    fill(customer, *lights)
    token = Cart.objects.get().token

    cart = amounts(customer.get("/en/cart/"))
    ways = amounts(customer.get("/en/checkout/delivery/")) or []
    bearer = {"authorization": f"Bearer {token}"}
    (told,) = customer.get("/api/v1/cart/delivery/", headers=bearer).json()["options"]
    review = to_review(customer)
    customer.post("/en/checkout/place/", {"agreed": agreed(review)})

    for page in (cart, amounts(review)):
        assert {"6.13", "6.50", "12.63"} <= set(page)
    assert ways == []  # no options without an address
    assert (told["price"]["amount"], told["total"]["amount"]) == ("12.63", "92.61")
    order = Order.objects.get()
    assert order.delivery_amount == Decimal("12.63")
    assert agreed(review) == str(order.total_amount) == "92.61"
    (payment,) = order.payments.all()
    assert gateway_for("fake").payments[payment.reference].amount == order.total
    updates.apply(update=gateway_for("fake").authorize(payment.reference), gateway="fake", now=NOON)
    order.refresh_from_db()
    made = submission.create_purchase_orders(order=order, now=NOON)
    charges = sorted(each.customer_charge_amount for each in made)
    assert charges == [Decimal("46.12"), Decimal("46.49")]
    assert sum(charges) == order.total_amount


def test_increased_freight_is_shown_before_payment(customer, shop, monkeypatch):
    supplier, *lights = shop
    fill(customer, lights[0])
    assert amounts(customer.get("/en/cart/")).count("6.13") == 1, "one parcel shows no own price"
    fill(customer, lights[1])
    review = to_review(customer)
    monkeypatch.setattr("shipping.rates.live_rates._cached_answers", lambda *_: {})
    supplier.options = (option("8.00"),)

    refused = customer.post("/en/checkout/place/", {"agreed": agreed(review)})

    assert refused.status_code == 409
    assert "The total changed in the meantime." in refused.content.decode()
    assert "9.81" in amounts(refused)
    assert not Order.objects.exists()


def test_staff_choose_live_freight_only_where_the_supplier_offers_it(staff_of_shop):
    light = make_sellable()
    silent = make_location(make_supplier(code="silent", adapter="feed"), "X", "DE")
    page = "/admin/shipping/liveratelocation/add/"

    refused = staff_of_shop.post(page, {"location": silent.pk, "is_active": "on"})
    done = staff_of_shop.post(page, {"location": light.level.location_id, "is_active": "on"})

    assert "has no shipping rates API" in refused.content.decode()
    assert done.status_code == 302
    assert LiveRateLocation.objects.get().location == light.level.location
