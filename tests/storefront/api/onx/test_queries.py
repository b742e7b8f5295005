import pytest

from catalog.models import Listing
from storefront.accounts.models import User
from suppliers.models import StockLevel
from tests.factories.orders import make_order
from tests.factories.returns import declare, make_delivered
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def test_orders_are_filtered_and_paged(onx, listing):
    first, second = make_order(listing), make_order(listing)

    def numbers(**wanted):
        return [row["id"] for row in onx.call("get-orders", wanted)["orders"]]

    assert numbers() == [second.number, first.number]
    assert numbers(pageSize=1, skip=1) == [first.number]
    assert numbers(ids=[f"{first.number},NO"]) == numbers(names=[first.number]) == [first.number]
    assert numbers(externalIds=["S-1"]) == numbers(statuses=["shipped"]) == []
    assert len(numbers(updatedAtMin="2026-01-01T00:00:00Z")) == 2
    assert numbers(updatedAtMax="2026-01-01T00:00:00Z") == []
    assert numbers(createdAtMin="2099-01-01T00:00:00Z") == []
    (row,) = onx.call("get-orders", {"ids": [first.number]})["orders"]
    assert row["lineItems"][0]["unitPrice"] == 39.99
    (bare,) = onx.call("get-orders", {"ids": [first.number], "includeLineItems": False})["orders"]
    assert "lineItems" not in bare


def test_pages_have_a_largest_size(onx, listing):
    assert onx.refusal("get-orders", {"pageSize": 251})["details"]["field"] == "pageSize"
    assert onx.refusal("get-orders", {"skip": 100_001})["details"]["field"] == "skip"
    many = {"skus": [str(number) for number in range(251)]}
    assert onx.refusal("get-products", many)["code"] == 2001


def test_orders_show_what_the_key_may_read(client_of, listing):
    make_order(listing, email="erika@example.org")

    (shown,) = client_of("orders:read").call("get-orders", {})["orders"]

    assert "shippingAddress" not in shown
    assert "example.org" not in str(shown)
    assert "cost" not in str(shown)


def test_parcels_and_returns_are_read(onx):
    order = make_delivered()
    made = declare(order, 1, kind="defect", customer_message="Dead.")

    (parcel,) = onx.call("get-fulfillments", {"orderIds": [order.number]})["fulfillments"]
    (back,) = onx.call("get-returns", {"returnNumbers": [made.number]})["returns"]

    assert (parcel["orderId"], parcel["status"]) == (order.number, "delivered")
    assert onx.call("get-fulfillments", {"ids": [parcel["id"], "x"]})["fulfillments"] == [parcel]
    assert back["returnLineItems"][0]["returnReason"] == "defect"
    assert onx.call("get-returns", {"outcomes": ["exchange"]})["returns"] == []


def test_customers_are_read(onx, listing):
    User.objects.create_user(email="ann@example.org", name="Ann Lee", joined_at=NOON)

    (shown,) = onx.call("get-customers", {"emails": ["Ann@example.org"]})["customers"]

    assert (shown["firstName"], shown["lastName"]) == ("Ann", "Lee")
    late = onx.refusal("get-customers", {"updatedAtMin": "2026-01-01T00:00:00Z"})
    assert late["code"] == 5001


def test_products_and_variants_are_read(client_of, onx, listing):
    variant = listing.variant

    (product,) = onx.call("get-products", {"skus": [variant.sku]})["products"]
    (shown,) = onx.call("get-product-variants", {"productIds": [product["id"]]})["productVariants"]
    unpriced = client_of("products:read", name="catalog")

    assert product["name"] == variant.product.title
    assert (shown["sku"], shown["price"], shown["currency"]) == (variant.sku, 39.99, "EUR")
    assert shown["title"].startswith(product["name"])
    assert "price" not in unpriced.call("get-product-variants", {})["productVariants"][0]


def test_inventory_is_what_can_be_ordered(onx, listing):
    sku, level = listing.variant.sku, StockLevel.objects.get()
    Listing.objects.update(available=4)

    assert onx.call("get-inventory", {"skus": [sku]})["inventory"] == [
        {"sku": sku, "locationId": "all", "available": 4, "tenantId": "shop"}
    ]
    (there,) = onx.call("get-inventory", {"skus": [sku], "locationIds": [str(level.location_id)]})[
        "inventory"
    ]
    assert (there["locationId"], there["available"]) == (str(level.location_id), 5)
    assert onx.refusal("get-inventory", {"skus": []})["code"] == 2002
