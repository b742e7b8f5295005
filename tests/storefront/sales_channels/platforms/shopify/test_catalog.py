"""Shopify catalog: few calls, and variants that the store deleted."""

from contextlib import suppress
from dataclasses import replace

from storefront.lib.http.errors import TemporaryError
from storefront.sales_channels.platforms.base import PriceWrite, StockWrite
from tests.storefront.sales_channels.platforms.contract.cases import (
    expected,
    headlamp,
    light,
    shown,
    states,
    variant,
    written,
)


def test_new_products_take_one_call_for_five_and_one_to_publish_twenty(store, calls):
    written(store, *(light(f"light-{number}") for number in range(20)))

    assert calls() == {
        "places": 1,
        "productSet": 4,
        "publishablePublish": 1,
    }


def test_changed_products_are_not_published_again(store, calls):
    goods = written(store, headlamp(), light())
    calls()

    written(store, *goods)

    assert calls() == {"productSet": 1}


def test_stock_takes_one_call_for_250_rows_and_prices_one_for_20_products(store, calls):
    goods = written(
        store,
        *(
            headlamp(
                f"h{number}",
                variants=tuple(variant(f"h{number}-{n}", ("Size", str(n))) for n in range(20)),
            )
            for number in range(13)
        ),
    )
    calls()
    ids = [each for product in goods for each in product.external_variants.values()]

    stock = [StockWrite(variant=each, quantity=9, key=each.variant_id) for each in ids]
    assert len(list(store.platform.write_stock(stock))) == 260
    assert calls() == {"inventorySetQuantities": 2}
    prices = [PriceWrite(variant=each, price=store.money("5.00"), compare_at=None) for each in ids]
    assert len(list(store.platform.write_prices(prices))) == 260
    assert calls() == {"productVariantsBulkUpdate": 1}
    assert {(str(each.price), each.quantity) for each in states(store).values()} == {
        ("5.00 EUR", 9)
    }
    assert calls() == {"productVariants": 2}


def test_deleted_variant_is_created_again_with_the_next_write(store):
    before, other = written(store, headlamp(), light())
    sku, ids = next(iter(before.external_variants.items()))
    store.running.control("delete", {"id": ids.variant_id})

    (after,) = written(store, before)

    assert after.external_variants[sku] != ids
    kept = {key: value for key, value in before.external_variants.items() if key != sku}
    assert kept.items() <= after.external_variants.items()
    assert shown(store) == expected(after, other)


def test_deleted_product_is_reported_as_missing(store):
    (product,) = written(store, light())
    store.running.control("delete", {"id": product.external_id})

    (result,) = store.platform.write_products([product])
    (hidden,) = store.platform.unpublish([product.external_id])

    assert (result.is_missing, hidden.is_missing) == (True, True)


def test_results_before_a_failure_are_yielded(store):
    goods = [light(f"light-{number}") for number in range(12)]
    store.fault("write_products", "500", skip=1, count=0)
    results = []
    with suppress(TemporaryError):
        results.extend(store.platform.write_products(goods))

    assert [each.key for each in results] == [each.key for each in goods[:5]]
    assert all(row["is_active"] for row in store.products())


def test_pictures_and_identifiers_reach_the_store(store):
    picture = "https://shop.example/pictures/front.webp"
    each = replace(variant("light-1"), gtin="4006381333931", picture_url=picture)
    written(store, light(variants=(each,), picture_urls=(picture,)))

    documents = store.running.state.documents
    (product,), (shown,) = documents.all("product"), documents.all("variant")
    assert [each["originalSource"] for each in product["files"]] == [picture]
    assert shown["barcode"] == "4006381333931"
    assert shown["file"]["originalSource"] == picture
    item = shown["inventoryItem"]
    assert (item["harmonizedSystemCode"], item["countryCodeOfOrigin"]) == ("851310", "CN")
    assert item["measurement"]["weight"]["value"] == 182


def test_more_than_three_options_are_refused(store):
    options = tuple((name, "x") for name in ("A", "B", "C", "D"))

    (result,) = store.platform.write_products([light(variants=(variant("light-1", *options),))])

    assert "3 options" in result.problem


def test_product_with_too_many_variants_is_refused_and_the_others_are_written(store):
    many = tuple(variant(f"big-{n}", ("Size", str(n))) for n in range(251))

    results = list(store.platform.write_products([light("big", variants=many), light()]))

    assert [bool(each.problem) for each in results] == [True, False]
    assert set(states(store)) == {"light-1"}
