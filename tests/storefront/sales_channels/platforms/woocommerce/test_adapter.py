"""WooCommerce adapter: what stores of other versions, extensions and keys make it do."""

from dataclasses import replace

import pytest

from storefront.sales_channels.platforms.base import PriceWrite, StockWrite
from tests.storefront.sales_channels.platforms.contract.cases import (
    expected,
    headlamp,
    light,
    parcel,
    refund_of,
    shown,
    written,
)
from tests.storefront.sales_channels.platforms.contract.woocommerce_store import WooCommerceStore

STORE = WooCommerceStore  # of the fixture open_store
BLACK, SAND = "headlamp-h1-0", "headlamp-h1-3"
PICTURES = ("https://pictures.example/1.jpg", "https://pictures.example/2.jpg")


def calls(store):
    return store.running.control("usage")["by_path"]


@pytest.mark.parametrize("tracking", ["shipment-tracking", "ast", "note"])
def test_parcel_is_reported_as_the_store_supports(open_store, tracking):
    store = open_store(tracking=tracking)
    written(store, headlamp())
    order_id = store.sell({BLACK: 2, SAND: 1})
    first = parcel(store, order_id, units={BLACK: 2})
    rest = parcel(store, order_id, units={SAND: 1}, number="JJD0002", key="parcel-2")

    for write in (first, first, rest):
        store.platform.write_fulfillment(write)

    assert [(row["number"], row["units"]) for row in store.parcels(order_id)] == [
        ("JJD0001", {BLACK: 2}),
        ("JJD0002", {SAND: 1}),
    ]
    assert store.running.state.documents.get("order", int(order_id))["status"] == "completed"


def test_changed_number_replaces_the_parcel_of_an_extension(open_store):
    store = open_store(tracking="ast")
    written(store, headlamp())
    order_id = store.sell({BLACK: 1})
    write = parcel(store, order_id)
    key = store.platform.write_fulfillment(write)

    store.platform.update_tracking(key, replace(write, tracking_number="JJD0009"))

    assert [row["number"] for row in store.parcels(order_id)] == ["JJD0009"]


def test_order_with_refunded_units_is_completed_by_the_rest(open_store):
    store = open_store()
    written(store, headlamp())
    order_id = store.sell({BLACK: 2, SAND: 1})
    store.platform.refund(refund_of(store, order_id, "82.90", units={SAND: 1}))

    store.platform.write_fulfillment(parcel(store, order_id, units={BLACK: 2}))

    assert store.running.state.documents.get("order", int(order_id))["status"] == "completed"


def test_store_before_10_3_is_read_product_by_product(open_store):
    store = open_store(version="9.4")
    goods = written(store, headlamp(), light())

    assert shown(store) == expected(*goods)
    assert calls(store)["/wp-json/wc/v3/products/{id}/variations:GET"] == 1


def test_store_without_brands_gets_the_brand_as_an_attribute(open_store):
    store = open_store(version="9.4")
    written(store, light())

    (product,) = store.running.state.documents.all("product")
    assert {"Brand", "Battery"} <= {row["name"] for row in product["attributes"]}
    assert "brands" not in product or not product["brands"]


def test_product_of_the_merchant_with_our_sku_is_left_alone(open_store):
    store = open_store()
    written(store, light())
    documents = store.running.state.documents
    (own,) = documents.all("product")
    documents.put("product", own | {"meta_data": [], "name": "Merchant's own"})

    (result,) = store.reconnect().write_products([light()])

    assert result.problem
    assert [row["name"] for row in documents.all("product")] == ["Merchant's own"]


def test_pictures_are_downloaded_again_only_when_they_change(open_store):
    store = open_store()
    (product,) = written(store, light(picture_urls=PICTURES))
    documents = store.running.state.documents
    before = documents.all("product")[0]["images"]

    written(store, replace(product, title="Another title"))
    kept = documents.all("product")[0]["images"]
    written(store, replace(product, picture_urls=PICTURES[:1]))

    assert kept == before
    assert [row["src"] for row in documents.all("product")[0]["images"]] == [PICTURES[0]]


def test_key_that_may_only_read_lacks_scopes(open_store):
    info = open_store(permissions="read").platform.check()

    assert info.missing_scopes == ("write products", "write orders")


def test_hundred_simple_products_take_one_call_for_stock_and_one_for_prices(open_store):
    store = open_store()
    goods = written(store, *(light(f"light-{number}") for number in range(100)))
    ids = [one for each in goods for one in each.external_variants.values()]
    store.running.control("usage/forget", {})

    list(store.platform.write_stock([StockWrite(variant=one, quantity=3, key="k") for one in ids]))
    price = store.money("12.00")
    list(
        store.platform.write_prices(
            [PriceWrite(variant=one, price=price, compare_at=None) for one in ids]
        )
    )

    assert calls(store) == {"/wp-json/wc/v3/products/batch:POST": 2}
