"""Parcels of a cart: combine or separate items, split a line, price each parcel, charge the sum."""

import re
from decimal import Decimal

import pytest
from django.db.models import F

from catalog.models import Channel, Listing
from orders.gateways import gateway_for
from orders.models import Cart, CartLine, Order
from orders.payments import updates
from orders.purchasing import submission
from shipping.models import LiveRateLocation
from shipping.rates import quotes
from suppliers.models import ShippingService
from tests.factories.backorders import stock_at
from tests.factories.catalog import make_listing
from tests.factories.orders import make_sellable
from tests.factories.pricing import make_terms
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.shipping.rates.test_live_rates import Freighter, connect, make_far, option
from tests.storefront.web.checkout.test_views import agreed, to_review
from tests.storefront.web.conftest import WHO, make_light
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
PLACE = "/en/checkout/place/"


@pytest.fixture
def both(customer, light):
    """A cart with two lights: one in stock near and far, the other far only."""
    far = make_supplier(code="far")
    place = make_location(far, "CN", "CN")
    make_level(make_offer(light.variant, supplier=far, cost="11.00"), 5, place)
    make_service(place, base_amount="6.50", min_days=8, max_days=15)
    make_service(place, code="fast", tier="express", base_amount="20.00", min_days=4, max_days=7)
    other = make_listing(price_amount=Decimal("19.99"), available=5, as_of=NOON)
    make_level(make_offer(other.variant, supplier=far), 5, place)
    quotes.clear_cache()
    for listing in (light, other):
        customer.post("/en/cart/add/", {"listing": listing.pk, "quantity": 1})
    return customer


def countries():
    return [parcel["country"] for parcel in Order.objects.get().delivery_plan]


@in_each_language
def test_cart_says_that_the_date_moved_and_offers_both_options(both, language):
    page = Page(both.get(f"/{language}/cart/"))

    assert page.faults == []
    assert 'name="tier" value="economy-split"' in page.text
    if language == "en":
        assert "In a separate parcel, it arrives" in page.text
        assert "Delivery costs €11.40 instead of €6.50." in page.text
        assert page.text.count("Parcel 1 from China") == 1
        assert "Parcel 2" not in page.text


@pytest.mark.parametrize(
    ("way", "price", "sent_from"),
    [("economy", "6.50", ["CN"]), ("economy-split", "11.40", ["DE", "CN"])],
)
def test_delivery_option_chosen_in_the_cart_is_ordered(both, way, price, sent_from):
    both.post("/en/cart/delivery/", {"tier": way})

    cart = both.get("/en/cart/").content.decode()
    both.post("/en/checkout/", WHO)
    steps = both.get("/en/checkout/delivery/").content.decode()
    review = both.get("/en/checkout/review/")
    both.post(PLACE, {"agreed": agreed(review)})

    assert ("Parcel 2 from" in cart) is (len(sent_from) == 2)
    assert f'value="{way}" checked' in steps
    assert Order.objects.get().delivery_amount == Decimal(price)
    assert sorted(countries()) == sorted(sent_from)


def test_delivery_option_updates_the_total_and_an_unknown_one_is_ignored(both):
    both.post("/en/cart/delivery/", {"tier": "balloon"})
    assert Cart.objects.get().service == ""
    both.post("/en/checkout/", WHO)

    answer = both.post("/en/checkout/delivery/?update=1", {"tier": "express"}, follow=True)

    assert answer.redirect_chain[-1][0] == "/en/checkout/delivery/"
    assert "€20.00</dd>" in answer.content.decode()
    assert Cart.objects.get().service == "express"


def test_line_whose_delivery_changed_since_it_was_added_says_so(both):
    to_review(both)
    moved = "it was 29 Nov\u2009–\u20092 Dec from Germany, now it is 4–11 Dec from China."

    for path in ("/en/cart/", "/en/checkout/", "/en/checkout/review/"):
        page = Page(both.get(path))
        assert page.faults == []
        assert page.text.count(f"The delivery date has changed since you added it: {moved}") == 1
        assert "The delivery date changed" not in page.text


def test_date_changed_by_the_shipping_service_is_shown(filled):
    text = filled.get("/en/cart/").content.decode()
    assert "changed since you added it" not in text
    assert "Separate parcels" not in text, "one line has one option"
    ShippingService.objects.update(max_days=F("max_days") + 2)
    quotes.clear_cache()

    text = filled.get("/en/cart/").content.decode()

    assert "The delivery date has changed since you added it: it was" in text


def test_own_choice_of_delivery_or_country_is_not_shown_as_a_change(both):
    both.post("/en/cart/delivery/", {"tier": "economy-split"})
    assert "changed since you added it" not in both.get("/en/cart/").content.decode()

    Cart.objects.update(service="")
    CartLine.objects.update(promised_country="FR")

    assert "changed since you added it" not in both.get("/en/cart/").content.decode()


@pytest.mark.parametrize(("shown", "status"), [("2026-12-10", 409), ("2026-12-11", 303)])
def test_order_is_not_placed_for_a_later_date_than_shown(both, shown, status):
    review = to_review(both)

    answer = both.post(PLACE, {"agreed": agreed(review), "arrives_to": shown})

    assert answer.status_code == status
    assert ("The delivery date changed in" in answer.content.decode()) is (status == 409)
    assert Order.objects.exists() is (status == 303)


@pytest.fixture
def two_places(light):
    """One light with five units at one location and four at another."""
    Channel.objects.update(max_split_locations=2)
    stock_at(light, quantity=4)
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
    """Two lights: one supplier quotes live freight, the other has a price table."""
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
    (api_option,) = customer.get("/api/v1/cart/delivery/", headers=bearer).json()["options"]
    review = to_review(customer)
    customer.post("/en/checkout/place/", {"agreed": agreed(review)})

    for page in (cart, amounts(review)):
        assert {"6.13", "6.50", "12.63"} <= set(page)
    assert ways == []  # no options without an address
    assert (api_option["price"]["amount"], api_option["total"]["amount"]) == ("12.63", "92.61")
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
    assert amounts(customer.get("/en/cart/")).count("6.13") == 1, (
        "a single parcel shows no price of its own"
    )
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
