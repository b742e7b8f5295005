import secrets

import pytest

from catalog.models import Listing
from orders.models import Cart, CartLine
from suppliers.models import StockLevel
from tests.factories.catalog import make_image
from tests.factories.orders import make_sellable
from tests.factories.promotions import make_promotion
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db


def test_cart_is_opened_filled_changed_and_emptied(api, cart, listing, settings):
    make_image(listing.variant.product, stem="lamp-1")
    (line,) = api.get(cart).json()["lines"]

    again = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 2}).json()
    more = api.call("PATCH", f"{cart}lines/{line['id']}/", body={"quantity": 3}).json()
    empty = api.call("DELETE", f"{cart}lines/{line['id']}/").json()

    assert line["unit_price"] == {"amount": "39.99", "currency": "EUR"}
    assert line["picture"]["480"] == f"{settings.PUBLIC_URL}/media/pictures/lamp-1-480.webp"
    assert len(line["picture"]) == 3
    assert [each["quantity"] for each in again["lines"]] == [3], "one line per listing"
    assert (more["count"], more["subtotal"]["amount"]) == (3, "119.97")
    assert (empty["count"], empty["lines"]) == (0, [])


def test_repeated_request_adds_once(api, cart, listing):
    body = {"listing_id": listing.pk, "quantity": 1}

    first = api.post(f"{cart}lines/", body, key="add-1")
    second = api.post(f"{cart}lines/", body, key="add-1")

    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert CartLine.objects.get().quantity == 2


def test_cart_is_opened_once_per_key(api, listing):
    key = secrets.token_hex(16)

    first, second = (api.post("/api/v1/carts/", {}, key=key).json() for _ in range(2))

    assert first["token"] == second["token"]
    assert (first["country"], Cart.objects.count()) == ("DE", 1)


def test_guessable_key_opens_no_cart(api, listing):
    for key in ("1", "open-1", "a" * 64, "a1b2c3d4e5f60718293a4b5c6d7e8f9"):
        answer = api.post("/api/v1/carts/", {}, key=key)
        assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-guessable"), key
    assert Cart.objects.count() == 0


def test_cart_accepts_as_many_as_the_availability_states(api, cart, listing):
    Listing.objects.update(available=50)
    StockLevel.objects.update(reported_quantity=50)
    asked = {"sku": listing.variant.sku, "country": "DE"}
    (availability,) = api.get("/api/v1/availability/", asked).json()["availability"]

    more = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 14})
    most = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 13})

    assert (more.status_code, kind_of(more)) == (409, "insufficient-stock")
    assert more.json()["available"] == availability["max_quantity"] == 14  # 2 kg of 140 g
    assert (most.status_code, most.json()["count"]) == (201, 14)


def test_unavailable_listing_cannot_be_added(api, cart, listing):
    sold_out = make_sellable(quantity=5)
    Listing.objects.filter(pk=sold_out.pk).update(available=0)

    for wanted, quantity, status, kind in (
        (listing.pk, 5, 409, "insufficient-stock"),  # one of five is in the cart
        (sold_out.pk, 1, 409, "not-for-sale"),
        (999_999, 1, 422, "listing-not-found"),
        (2**53 - 1, 1, 422, "listing-not-found"),
    ):
        answer = api.post(f"{cart}lines/", {"listing_id": wanted, "quantity": quantity})
        assert (answer.status_code, kind_of(answer)) == (status, kind)
        assert kind != "insufficient-stock" or answer.json()["available"] == 5
    assert CartLine.objects.get().quantity == 1


def test_unknown_line_is_not_found(api, cart, listing):
    api.open_cart()
    of_another_cart = CartLine.objects.get().pk

    for line_id in ("999999", str(2**63), "9" * 4000, of_another_cart):
        path = f"{cart}lines/{line_id}/"
        for answer in (api.call("PATCH", path, body={"quantity": 2}), api.call("DELETE", path)):
            assert (answer.status_code, kind_of(answer)) == (404, "cart-line-not-found")
    assert CartLine.objects.get().quantity == 1


def test_cart_needs_its_token_in_the_header(api, cart):
    token = api.bearers.pop(cart)

    for bearer in ("Bearer guessed", f"Basic {token}", "Bearer", "Bearer a\0b", ""):
        headers = {"authorization": bearer} if bearer else {}
        answer = api.get(cart, {"token": token}, **headers)
        assert (answer.status_code, kind_of(answer)) == (404, "cart-not-found"), bearer


def test_delivery_options_have_the_total_to_agree_to(api, cart):
    answer = api.get(f"{cart}delivery/").json()
    elsewhere = api.get(f"{cart}delivery/", {"country": "AQ"})
    api.open_cart()
    empty = api.get(f"{cart}delivery/")

    (option,) = answer["options"]
    assert answer["country"] == "DE"
    assert option["delivery"] == "economy"
    assert (option["price"]["amount"], option["total"]["amount"]) == ("4.90", "44.89")
    assert (option["arrives_from"], option["arrives_to"]) == ("2026-11-29", "2026-12-02")
    assert option["parcels"] == ["DE"]
    assert (elsewhere.status_code, kind_of(elsewhere)) == (422, "country-not-served")
    assert elsewhere.json()["countries"] == ["AZ", "DE", "FR", "US"]
    assert (empty.status_code, kind_of(empty)) == (409, "empty-cart")


def test_invalid_cart_is_not_opened(api, listing):
    for body, pointer in (
        (b'{"country": "de"}', "#/country"),
        (b'{"country": "DEU"}', "#/country"),
        (b'{"country": 49}', "#/country"),
        (b'{"locale": "xx"}', "#/locale"),
        (b'{"surprise": 1}', "#/surprise"),
        (b"[]", "#"),
        (b'"DE"', "#"),
        (b"null", "#"),
    ):
        answer = api.send("POST", "/api/v1/carts/", body)
        assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields"), body
        assert pointers(answer) == [pointer], body
    assert Cart.objects.count() == 0


def test_query_count_is_independent_of_cart_size(api, cart, django_assert_max_num_queries):
    for _ in range(5):
        api.post(f"{cart}lines/", {"listing_id": make_sellable().pk})

    with django_assert_max_num_queries(5):
        api.get(cart)


def test_code_is_added_and_removed(api, cart):
    make_promotion(code="WELCOME")

    added = api.post(f"{cart}codes/", {"code": "welcome"})
    removed = api.call("DELETE", f"{cart}codes/", body={"code": "WELCOME"})

    assert added.json()["codes"] == ["WELCOME"]
    assert removed.json()["codes"] == []
