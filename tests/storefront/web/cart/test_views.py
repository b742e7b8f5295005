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
def test_form_of_another_site_changes_nothing(client, light, headers):
    data = {"listing": light.pk, "theme": "dark", "country": "FR", "line": 1, "quantity": 1}

    for path in ("cart/add/", "cart/change/", "cart/code/", "theme/", "country/"):
        response = client.post(f"/en/{path}", {**data, "code": "WELCOME-10"}, **headers)
        assert response.status_code == 403, path
        assert not response.cookies
    assert not Cart.objects.exists()


def test_refused_addition_has_a_message(customer, light):
    unknown, out_of_range = "This product does not exist.", "Enter a number from 0 to 99."
    whole = "Enter the quantity as a whole number."

    for data, status, words in (
        ({"listing": ""}, 422, unknown),
        ({"listing": "abc"}, 422, unknown),
        ({"listing": 9**30}, 422, unknown),
        ({"listing": 999_999}, 422, unknown),
        ({"quantity": "two"}, 422, whole),
        ({"quantity": -1}, 422, out_of_range),
        ({"quantity": 6}, 409, "Only 5 available right now."),
        ({"quantity": 100}, 422, out_of_range),
    ):
        given = {"listing": light.pk, **data}
        plain = customer.post("/en/cart/add/", given)
        part = customer.post("/en/cart/add/", given, HTTP_HX_REQUEST="true")
        for response in (plain, part):
            assert response.status_code == status, data
            assert words in response.content.decode()
    assert customer.post("/en/cart/add/", {}).status_code == 422
    Listing.objects.update(available=0)
    sold_out = customer.post("/en/cart/add/", {"listing": light.pk})
    assert sold_out.status_code == 409
    for words in ("This item has just sold out.", "Trail 400"):
        assert words in sold_out.content.decode()
    assert not CartLine.objects.exists()


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


def test_restored_line_keeps_its_position_and_no_id_is_chosen_by_the_client(filled, light):
    second = make_light(title="Trail 500", slug="trail-500")
    filled.post("/en/cart/add/", {"listing": second.pk, "back": "[1, 1, 999999]:forged"})
    assert CartLine.objects.get(listing=second).pk != 999_999
    first = CartLine.objects.get(listing=light)

    gone = filled.post("/en/cart/change/", {"line": first.pk, "quantity": 0}, follow=True)
    for _twice in range(2):
        filled.post("/en/cart/add/", undo_in(gone))

    lines = CartLine.objects.order_by("pk").values_list("listing", "quantity")
    assert list(lines) == [(light.pk, 2), (second.pk, 1)]


def test_invalid_quantity_is_an_error_at_its_line(filled):
    line = CartLine.objects.get()
    whole = "Enter the quantity as a whole number."

    for quantity, status, words in (
        ("9", 409, "Only 5 available right now."),
        ("x", 422, whole),
        ("", 422, "Enter a quantity."),
        ("-1", 422, "Enter a number from 0 to 99."),
        ("1.5", 422, whole),
        ("2147483648", 422, "Enter a number from 0 to 99."),
    ):
        response = filled.post("/en/cart/change/", {"line": line.pk, "quantity": quantity})
        text = response.content.decode()
        assert response.status_code == status, quantity
        assert 'action="/en/cart/change/" novalidate' in text
        assert f'id="wrong-{line.pk}"' in text
        assert words in text
        assert status == 409 or re.search(r'name="quantity" type="number"[^>]* value="1"', text)
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
