import re

import pytest
from django.test import Client

from catalog.models import Listing, Product, Variant
from orders.gateways import gateway_for
from orders.models import CartLine, Order, Payment
from suppliers.models import StockLevel
from tests.factories.catalog import make_guarantee
from tests.storefront.web.conftest import WHO
from tests.storefront.web.page_parser import Page
from tests.storefront.web.supply import BOTH, POST, build, far, near

pytestmark = pytest.mark.django_db


def agreed(response):
    return re.search(r'name="agreed" value="([^"]+)"', response.content.decode())[1]


def to_review(customer):
    customer.post("/en/checkout/", WHO)
    customer.post("/en/checkout/delivery/", {"tier": "economy"})
    return customer.get("/en/checkout/review/")


def test_guarantees_are_shown_before_the_order_button(filled):
    make_guarantee(Product.objects.get())

    page = to_review(filled).content.decode()

    button = page.index("Order and pay")
    assert page.index("5-year guarantee of durability by the producer") < button
    assert page.index("Legal guarantee of at least two years") < button


def test_page_states_how_many_can_ship_and_the_cart_accepts_no_more(customer, light):
    Listing.objects.update(available=400)
    StockLevel.objects.update(reported_quantity=400)

    page = customer.get("/en/p/trail-400/").content.decode()
    more = customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 15})
    Variant.objects.update(packed_weight_g=10)
    small = customer.get("/en/p/trail-400/").content.decode()

    assert "At most 14 in one delivery" in page  # 2 kg of 140 g
    assert "In stock: " not in page
    assert (more.status_code, CartLine.objects.count()) == (409, 0)
    assert "Only 14 available right now." in more.content.decode()
    assert "In stock: 400" in small
    assert "in one delivery" not in small, "the limit of the cart is lower"


def test_light_is_bought_without_scripts(customer, light):
    added = customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 2}, follow=True)
    assert "Parcel 1 from Germany" in added.content.decode()
    assert "€79.98" in added.content.decode()

    asked = customer.post("/en/checkout/", WHO)
    assert asked["Location"] == "/en/checkout/delivery/"
    ways = customer.get("/en/checkout/delivery/").content.decode()
    assert "Standard" in ways
    assert "€4.90" in ways
    chosen = customer.post("/en/checkout/delivery/", {"tier": "economy"})
    assert chosen["Location"] == "/en/checkout/review/"
    review = customer.get("/en/checkout/review/")
    assert "Order and pay €84.88" in review.content.decode()
    placed = customer.post("/en/checkout/place/", {"agreed": agreed(review)})

    order = Order.objects.get()
    assert placed.status_code == 303
    assert placed["Location"] == order.payments.get().pay_url
    assert (order.email, order.ship_to["city"]) == ("erika@example.org", "Berlin")
    assert str(order.total_amount) == "84.88"


def test_placing_twice_makes_one_order_and_its_payment_clears_the_cart_cookies(filled):
    review = to_review(filled)

    first, second = (
        filled.post("/en/checkout/place/", {"agreed": agreed(review)}) for _ in range(2)
    )

    assert first["Location"] == second["Location"]
    order, payment = Order.objects.get(), Payment.objects.get()
    order_url = f"/en/orders/{order.number}/{order.access_key}/"
    filled.get(order_url)
    assert filled.cookies["fara_cart"].value, "the same browser may still pay"
    gateway_for("fake").authorize(payment.reference)
    filled.get(f"{order_url}paid/", follow=True)
    assert [filled.cookies[name].value for name in ("fara_cart", "fara_cart_count")] == ["", ""]


def test_changed_total_is_shown_and_not_charged(filled, light):
    review = to_review(filled)
    for amount in ("", "free", "NaN", "0.01", "1e999"):
        response = filled.post("/en/checkout/place/", {"agreed": amount})
        assert response.status_code in {409, 422}, amount
        assert "There is a problem" in response.content.decode()
    CartLine.objects.update(quoted_amount="60.00")
    Listing.objects.update(price_amount="60.00")

    response = filled.post("/en/checkout/place/", {"agreed": agreed(review)})

    assert response.status_code == 409
    assert "The total changed in the meantime." in response.content.decode()
    assert "Order and pay €64.90" in response.content.decode()
    assert not Order.objects.exists()


def test_cart_sold_out_or_without_price_returns_to_the_cart_with_the_reason(filled):
    review = to_review(filled)
    listing = Listing.objects.get()
    Listing.objects.update(price_amount=None, is_published=False)

    unpriced = filled.post("/en/checkout/place/", {"agreed": agreed(review)}, follow=True)
    line = CartLine.objects.get()
    changed = filled.post("/en/cart/change/", {"line": line.pk, "quantity": 2})
    Listing.objects.update(price_amount=listing.price_amount, is_published=True, available=0)
    StockLevel.objects.update(reported_quantity=0)
    sold_out = filled.post("/en/checkout/place/", {"agreed": agreed(review)}, follow=True)

    words = unpriced.content.decode()
    assert "The price of an item in the cart is being checked. Nothing was ordered." in words
    assert "The price is being checked, so this item is not available right now." in words
    assert changed.status_code == 409
    assert "This item has just sold out." in sold_out.content.decode()
    assert not Order.objects.exists()


def test_invalid_address_has_errors_at_the_field_and_on_top(filled):
    for field, value, words in (
        ("email", "", "Enter your e-mail address"),
        ("email", "erika", "Enter an e-mail address like name@example.org."),
        ("name", "", "Enter the name of the person"),
        ("line1", "", "Enter the street and house number."),
        ("postcode", "1", "This postcode does not match the country"),
        ("city", "", "Enter the city."),
        ("country", "XX", "We do not deliver to this country yet."),
        ("name", "x" * 60, "This is too long for a parcel label."),
    ):
        response = filled.post("/en/checkout/", {**WHO, field: value})
        page = Page(response)
        assert response.status_code == 422, field
        assert page.text.count(words) == 2
        assert "<title>Error: Delivery address" in page.text
        (control,) = page.all("select" if field == "country" else "input", name=field)
        assert control["aria-invalid"] == "true"
        assert f"id_{field}-wrong" in control["aria-describedby"]
        assert f'href="#id_{field}"' in page.text
        kept = "city" if field != "city" else "name"
        assert f'value="{WHO[kept]}"' in page.text
        assert page.all("div", id="problem")[0]["tabindex"] == "-1"


def test_address_form_has_at_most_eight_fields(filled):
    page = Page(filled.get("/en/checkout/"))

    visible = [
        attrs["name"]
        for tag, attrs in page.elements
        if tag in {"input", "select"} and attrs.get("type") != "hidden" and "name" in attrs
    ]
    folded = page.text.split('<details class="more-lines">')[1].split("</details>")[0]
    assert 'name="line2"' in folded
    assert len(set(visible) - {"line2"}) <= 8
    tokens = {
        attrs["name"]: attrs.get("autocomplete") for _tag, attrs in page.elements if "name" in attrs
    }
    assert tokens["email"] == "email"
    assert tokens["postcode"] == "shipping postal-code"
    assert '<nav class="nav"' not in page.text


def test_region_is_asked_for_stays_selected_and_is_part_of_the_address(filled):
    there = {**WHO, "country": "US", "postcode": "90001", "city": "Los Angeles"}
    asked = filled.post("/en/checkout/", there)
    there["region"] = "California"

    again = Page(filled.post("/en/checkout/", {**there, "name": ""}))
    filled.post("/en/checkout/", there)

    assert asked.status_code == 422
    assert "Enter the state or region." in asked.content.decode()
    assert '<select class="input" id="id_region"' in asked.content.decode()
    assert again.all("option", value="California", selected=None)
    delivery = filled.get("/en/checkout/delivery/").content.decode()
    assert "90001 Los Angeles, California, United States" in delivery


def test_parcel_without_the_chosen_speed_says_so(customer):
    faster = {**POST, "tier": "express", "base_amount": "19.00"}
    routes = [*BOTH, ("near", "DE", faster)]
    listing = build(near(5), far(5), routes=routes, channel={"max_split_locations": 2})
    customer.post("/en/cart/add/", {"listing": listing.pk, "quantity": 10})
    customer.post("/en/checkout/", WHO)

    text = customer.get("/en/checkout/delivery/").content.decode()

    assert "Express delivery is not available from China to Germany." in text
    assert "A parcel that this method cannot carry is sent by another one" in text


def test_steps_cannot_be_skipped(filled, client_of_another):
    for path in ("", "delivery/", "review/"):
        empty = client_of_another.get(f"/en/checkout/{path}")
        assert empty["Location"] == "/en/cart/"
    assert client_of_another.post("/en/checkout/place/")["Location"] == "/en/cart/"
    assert filled.get("/en/checkout/review/")["Location"] == "/en/checkout/"
    assert filled.get("/en/checkout/delivery/")["Location"] == "/en/checkout/"
    filled.post("/en/checkout/", WHO)
    assert filled.get("/en/checkout/review/")["Location"] == "/en/checkout/delivery/"
    wrong = filled.post("/en/checkout/delivery/", {"tier": "rocket"})
    assert wrong.status_code == 422
    assert "Choose a delivery method." in wrong.content.decode()


def test_checkout_form_of_another_site_is_refused(light):
    browser = Client(enforce_csrf_checks=True, HTTP_SEC_FETCH_SITE="same-origin")
    browser.post("/en/cart/add/", {"listing": light.pk})

    response = browser.post("/en/checkout/", WHO)

    assert response.status_code == 403
    assert "This form has expired." in response.content.decode()
