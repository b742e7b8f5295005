import secrets

import pytest

from catalog.models import Listing
from orders.models import Cart, CartLine
from suppliers.models import StockLevel
from tests.factories.catalog import make_image
from tests.factories.orders import make_sellable
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db


def test_cart_is_opened_filled_changed_and_emptied(api, cart, listing):
    line = api.get(cart).json()["lines"][0]

    more = api.call("PATCH", f"{cart}lines/{line['id']}/", body={"quantity": 3}).json()
    empty = api.call("DELETE", f"{cart}lines/{line['id']}/").json()

    assert line["unit_price"] == {"amount": "39.99", "currency": "EUR"}
    assert (more["count"], more["subtotal"]["amount"]) == (3, "119.97")
    assert (empty["count"], empty["lines"]) == (0, [])


def test_same_listing_twice_is_one_line(api, cart, listing):
    answer = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 2})

    assert [line["quantity"] for line in answer.json()["lines"]] == [3]


def test_line_has_its_picture_in_all_widths(api, cart, listing, settings):
    make_image(listing.variant.product, stem="lamp-1")

    (line,) = api.get(cart).json()["lines"]

    base = f"{settings.PUBLIC_URL}/media/pictures/lamp-1"
    assert line["picture"]["480"] == f"{base}-480.webp"
    assert len(line["picture"]) == 3


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
    assert first["country"] == "DE"
    assert Cart.objects.count() == 1


@pytest.mark.parametrize("key", ["1", "open-1", "a" * 64, "a1b2c3d4e5f60718293a4b5c6d7e8f9"])
def test_guessable_key_opens_no_cart(api, listing, key):
    answer = api.post("/api/v1/carts/", {}, key=key)

    assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-guessable")
    assert Cart.objects.count() == 0


def test_more_than_in_stock_cannot_be_added(api, cart, listing):
    answer = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 5})

    assert (answer.status_code, kind_of(answer)) == (409, "insufficient-stock")
    assert answer.json()["available"] == 5
    assert CartLine.objects.get().quantity == 1


def test_cart_accepts_as_many_as_the_availability_states(api, cart, listing):
    Listing.objects.update(available=50)
    StockLevel.objects.update(reported_quantity=50)
    asked = {"sku": listing.variant.sku, "country": "DE"}
    (said,) = api.get("/api/v1/availability/", asked).json()["availability"]

    more = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 14})
    most = api.post(f"{cart}lines/", {"listing_id": listing.pk, "quantity": 13})

    assert (more.status_code, kind_of(more)) == (409, "insufficient-stock")
    assert more.json()["available"] == said["max_quantity"] == 14  # 2 kg of 140 g
    assert (most.status_code, most.json()["count"]) == (201, 14)


def test_unavailable_listing_cannot_be_added(api, cart):
    sold_out = make_sellable(quantity=5)
    Listing.objects.filter(pk=sold_out.pk).update(available=0)

    answer = api.post(f"{cart}lines/", {"listing_id": sold_out.pk})

    assert (answer.status_code, kind_of(answer)) == (409, "not-for-sale")


@pytest.mark.parametrize("listing_id", [999_999, 2**53 - 1])
def test_unknown_listing_cannot_be_added(api, cart, listing_id):
    answer = api.post(f"{cart}lines/", {"listing_id": listing_id})

    assert (answer.status_code, kind_of(answer)) == (422, "listing-not-found")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("line_id", ["999999", str(2**63), "9" * 4000])
def test_unknown_line_is_not_found(api, cart, method, line_id):
    body = {"quantity": 1} if method == "PATCH" else None

    answer = api.call(method, f"{cart}lines/{line_id}/", body=body)

    assert (answer.status_code, kind_of(answer)) == (404, "cart-line-not-found")


def test_line_of_another_cart_is_not_found(api, cart, listing):
    api.open_cart()
    line = CartLine.objects.get()

    answer = api.call("PATCH", f"{cart}lines/{line.pk}/", body={"quantity": 2})

    assert (answer.status_code, kind_of(answer)) == (404, "cart-line-not-found")
    assert CartLine.objects.get().quantity == 1


@pytest.mark.parametrize("bearer", ["Bearer guessed", "Basic {}", "Bearer", "Bearer a\0b", ""])
def test_cart_needs_its_token_in_the_header(api, cart, bearer):
    token = api.bearers.pop(cart)
    headers = {"authorization": bearer.format(token)} if bearer else {}

    answer = api.get(cart, {"token": token}, **headers)

    assert (answer.status_code, kind_of(answer)) == (404, "cart-not-found")


def test_delivery_options_have_the_total_to_agree_to(api, cart):
    answer = api.get(f"{cart}delivery/").json()

    (option,) = answer["options"]
    assert answer["country"] == "DE"
    assert option["delivery"] == "economy"
    assert (option["price"]["amount"], option["total"]["amount"]) == ("4.90", "44.89")
    assert (option["arrives_from"], option["arrives_to"]) == ("2026-11-29", "2026-12-02")
    assert option["parcels"] == ["DE"]


def test_unserved_country_is_refused_with_the_served_ones(api, cart):
    answer = api.get(f"{cart}delivery/", {"country": "AQ"})

    assert (answer.status_code, kind_of(answer)) == (422, "country-not-served")
    assert answer.json()["countries"] == ["AZ", "DE", "FR", "US"]


def test_empty_cart_has_no_delivery_options(api, listing):
    api.open_cart()

    answer = api.get("/api/v1/cart/delivery/")

    assert (answer.status_code, kind_of(answer)) == (409, "empty-cart")


def test_line_sold_out_meanwhile_is_named(api, cart, listing):
    StockLevel.objects.update(reported_quantity=0)

    answer = api.get(f"{cart}delivery/")

    assert (answer.status_code, kind_of(answer)) == (409, "out-of-stock")
    assert answer.json()["lines"] == [{"sku": listing.variant.sku, "available": 0}]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"country": "de"}, "#/country"),
        ({"country": "DEU"}, "#/country"),
        ({"country": 49}, "#/country"),
        ({"locale": "xx"}, "#/locale"),
        ({"surprise": 1}, "#/surprise"),
        ([], "#"),
        ("DE", "#"),
        (None, "#"),
    ],
)
def test_invalid_cart_is_not_opened(api, listing, body, pointer):
    answer = (
        api.send("POST", "/api/v1/carts/", b"null")
        if body is None
        else api.post("/api/v1/carts/", body)
    )

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert pointers(answer) == [pointer]
    assert Cart.objects.count() == 0


def test_query_count_is_independent_of_cart_size(api, cart, django_assert_max_num_queries):
    for _ in range(5):
        api.post(f"{cart}lines/", {"listing_id": make_sellable().pk})

    with django_assert_max_num_queries(5):
        api.get(cart)
