import re

import pytest

from catalog.models import Listing
from orders.models import Cart, CartLine
from shipping.rates import quotes
from suppliers.models import StockLevel
from tests.factories.orders import make_order
from tests.factories.shipping import make_service
from tests.factories.suppliers import make_location, make_supplier
from tests.storefront.web.conftest import make_light

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/en/cart/add/", "/en/cart/change/", "/en/theme/", "/en/country/"]
)
def test_form_of_another_site_changes_nothing(client, light, headers, path):
    data = {"listing": light.pk, "theme": "dark", "country": "FR", "line": 1, "quantity": 1}

    response = client.post(path, data, **headers)

    assert response.status_code == 403
    assert not response.cookies
    assert not Cart.objects.exists()


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({}, 422, "This product does not exist."),
        ({"listing": "abc"}, 422, "This product does not exist."),
        ({"listing": 9**30}, 422, "This product does not exist."),
        ({"listing": 999_999}, 422, "This product does not exist."),
        ({"quantity": "two"}, 422, "Enter the quantity as a whole number."),
        ({"quantity": -1}, 422, "Enter a number from 0 to 99."),
        ({"quantity": 6}, 409, "Only 5 available right now."),
        ({"quantity": 100}, 422, "Enter a number from 0 to 99."),
    ],
)
def test_refused_addition_has_a_message(customer, light, data, status, words):
    whole = {"listing": light.pk, **data} if data else data

    plain = customer.post("/en/cart/add/", whole)
    part = customer.post("/en/cart/add/", whole, HTTP_HX_REQUEST="true")

    for response in (plain, part):
        assert response.status_code == status
        assert words in response.content.decode()
    assert not CartLine.objects.exists()


def test_sold_out_light_cannot_be_added(customer, light):
    Listing.objects.update(available=0)

    response = customer.post("/en/cart/add/", {"listing": light.pk})

    assert response.status_code == 409
    assert "This item has just sold out." in response.content.decode()
    assert "Trail 400" in response.content.decode()


def test_quantity_is_changed_and_a_removed_line_restored(filled, light):
    line = CartLine.objects.get()

    filled.post("/en/cart/change/", {"line": line.pk, "quantity": 3})
    line.refresh_from_db()
    assert line.quantity == 3
    gone = filled.post("/en/cart/change/", {"line": line.pk, "quantity": 0}, follow=True)
    assert "Trail 400 was removed from the cart." in gone.content.decode()
    assert not CartLine.objects.exists()
    filled.post("/en/cart/add/", undo_in(gone))
    assert CartLine.objects.get().quantity == 3


def undo_in(response):
    form = response.content.decode().partition('class="note note-good undo"')[2]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.partition("</form>")[0]))


def test_restored_line_keeps_its_position(filled, light):
    second = make_light(title="Trail 500", slug="trail-500")
    filled.post("/en/cart/add/", {"listing": second.pk, "quantity": 1})
    first = CartLine.objects.get(listing=light)

    gone = filled.post("/en/cart/change/", {"line": first.pk, "quantity": 0}, follow=True)
    for _twice in range(2):
        filled.post("/en/cart/add/", undo_in(gone))

    lines = CartLine.objects.order_by("pk").values_list("listing", "quantity")
    assert list(lines) == [(light.pk, 2), (second.pk, 1)]


def test_client_cannot_choose_the_id_of_a_line(filled, light):
    second = make_light(title="Trail 500", slug="trail-500")

    filled.post("/en/cart/add/", {"listing": second.pk, "back": "[1, 1, 999999]:forged"})

    assert CartLine.objects.get(listing=second).pk != 999_999


@pytest.mark.parametrize(
    ("quantity", "status", "words"),
    [
        ("9", 409, "Only 5 available right now."),
        ("x", 422, "Enter the quantity as a whole number."),
        ("", 422, "Enter a quantity."),
        ("-1", 422, "Enter a number from 0 to 99."),
        ("1.5", 422, "Enter the quantity as a whole number."),
        ("2147483648", 422, "Enter a number from 0 to 99."),
    ],
)
def test_invalid_quantity_is_an_error_at_its_line(filled, quantity, status, words):
    line = CartLine.objects.get()

    response = filled.post("/en/cart/change/", {"line": line.pk, "quantity": quantity})

    assert response.status_code == status
    assert f'id="wrong-{line.pk}"' in response.content.decode()
    assert words in response.content.decode()
    line.refresh_from_db()
    assert line.quantity == 1


def test_line_of_another_cart_is_not_found(filled, customer, light):
    other = make_order().cart.lines.get()

    response = filled.post("/en/cart/change/", {"line": other.pk, "quantity": 0})

    assert response.status_code == 404
    assert CartLine.objects.filter(pk=other.pk).exists()


def test_changed_price_is_shown_at_its_line(filled, light):
    CartLine.objects.update(quoted_amount="30.00", quoted_at="2026-11-24T10:00:00Z")

    text = filled.get("/en/cart/").content.decode()

    assert "it was €30.00, now it is €39.99" in text


def test_forged_cookie_has_an_empty_cart(client, light):
    client.cookies["fara_cart"] = "token:forged"

    assert "Your cart is empty." in client.get("/en/cart/").content.decode()


def test_lights_from_two_countries_are_two_parcels(filled, light):
    far = make_supplier(code="far")
    location = make_location(far, code="CN", country="CN")
    make_service(location, base_amount="3.00", min_days=8, max_days=12)
    other = make_light(title="Ridge", slug="ridge")
    StockLevel.objects.filter(offer__variant=other.variant).update(location=location)
    quotes.clear_cache()

    filled.post("/en/cart/add/", {"listing": other.pk})
    text = filled.get("/en/cart/").content.decode()

    assert "from Germany" in text
    assert "from China" in text


@pytest.mark.parametrize("quantity", ["500", "-3", "many", "1.5", ""])
def test_refused_quantity_has_our_message_and_the_field_keeps_the_valid_one(filled, quantity):
    line = Cart.objects.get().lines.get()

    answer = filled.post("/en/cart/change/", {"line": line.pk, "quantity": quantity})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'action="/en/cart/change/" novalidate' in text
    assert re.search(r'name="quantity" type="number"[^>]* value="1"', text)
    assert f'id="wrong-{line.pk}"' in text
