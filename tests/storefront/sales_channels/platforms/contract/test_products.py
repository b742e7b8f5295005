"""Contract: a product is in the store once, as it was written, and keeps its ids."""

from dataclasses import replace

import pytest

from storefront.lib.http.errors import TemporaryError
from storefront.sales_channels.platforms.base import ExternalVariant
from tests.storefront.sales_channels.platforms.contract.cases import (
    expected,
    headlamp,
    light,
    shown,
    states,
    variant,
    written,
)


def test_store_holds_what_was_written(store):
    goods = written(store, headlamp(), light())

    assert shown(store) == expected(*goods)
    for product in goods:
        assert set(product.external_variants) == {each.sku for each in product.variants}
    known = {sku: ids for each in goods for sku, ids in each.external_variants.items()}
    assert {sku: state.variant for sku, state in states(store).items()} == known


def test_repeated_write_makes_nothing_new(store, goods):
    again = written(store, *goods)

    assert [each.external_id for each in again] == [each.external_id for each in goods]
    assert [each.external_variants for each in again] == [each.external_variants for each in goods]
    assert len(store.products()) == len(goods)


def test_product_is_not_made_twice_after_a_lost_answer(store):
    """The first answer brought no ids, so the key decides."""
    store.fault("write_products", "drop_after", count=0)
    with pytest.raises(TemporaryError) as raised:
        list(store.platform.write_products([headlamp()]))
    assert raised.value.is_outcome_unknown
    store.running.control("faults/clear", {})

    (product,) = written(store, headlamp())

    assert len(store.products()) == 1
    assert shown(store) == expected(product)


def test_update_changes_texts_prices_and_stock_and_keeps_ids(store, goods):
    before, other = goods
    variants = tuple(
        replace(each, price=each.price + store.money("1.10"), compare_at=None, quantity=1)
        for each in before.variants
    )
    changed = replace(before, title="Ridge H1 Pro", variants=variants)

    (after,) = written(store, changed)

    assert after.external_variants == before.external_variants
    assert {row["title"] for row in store.products()} == {"Ridge H1 Pro", other.title}
    assert shown(store) == expected(changed, other)


def test_variant_is_added_and_removed(store, goods):
    before = goods[0]
    new = variant("headlamp-h1-9", ("Color", "Olive"), ("Beam", "Spot"))
    changed = replace(before, variants=(*before.variants[1:], new))

    (after,) = written(store, changed)

    gone = before.variants[0].sku
    kept = {sku: ids for sku, ids in before.external_variants.items() if sku != gone}
    assert kept.items() <= after.external_variants.items()
    assert gone not in states(store)
    assert shown(store) == expected(changed, goods[1])


def test_one_refused_product_leaves_the_others(store):
    refused = store.refusable(light("light-2"))
    batch = [light("light-1"), refused, light("light-3")]

    results = {result.key: result for result in store.platform.write_products(batch)}

    assert results["light-2"].problem
    assert not results["light-2"].external_id
    assert set(states(store)) == {"light-1", "light-3"}


def test_hidden_product_keeps_its_ids_and_can_return(store, goods):
    headlamps, lights = goods

    (result,) = store.platform.unpublish([headlamps.external_id])

    assert not result.problem
    assert shown(store) == expected(replace(headlamps, is_active=False), lights)
    assert {state.variant for state in states(store).values()} >= set(
        headlamps.external_variants.values()
    )
    written(store, headlamps)
    assert shown(store) == expected(*goods)


def test_inactive_product_is_written_hidden(store):
    (product,) = written(store, light(is_active=False))

    assert shown(store) == expected(product)


def test_product_that_the_store_no_longer_has_is_reported(store, goods):
    ids = goods[0].external_variants
    lost = {sku: unknown(store, each) for sku, each in ids.items()}
    gone = replace(
        goods[0], external_id=next(iter(lost.values())).product_id, external_variants=lost
    )

    (hidden,) = store.platform.unpublish([gone.external_id])

    assert hidden.problem


def unknown(store, ids):
    """Return ids of the same form that the store never gave."""
    return ExternalVariant(
        product_id=raised(ids.product_id),
        variant_id=raised(ids.variant_id),
        inventory_id=raised(ids.inventory_id) if ids.inventory_id else "",
    )


def raised(external_id):
    head, _, number = external_id.rpartition("/")
    return f"{head}/{int(number) + 900_000}" if head else str(int(number) + 900_000)


def test_long_title_and_any_character_of_an_option_are_written(store):
    sizes = tuple(variant(f"long-{size}", ("Size", size)) for size in ("S | short", "L / long"))
    products = (replace(light("long", variants=sizes), title="Light " * 60), light())

    written(store, *products)

    assert shown(store) == expected(*products)


def test_gtin_that_is_no_number_stops_no_other_product(store):
    wrong = replace(variant("wrong"), gtin="not a number")

    results = list(store.platform.write_products([light("wrong", variants=(wrong,)), light()]))

    assert [result.problem for result in results if result.key == "light-1"] == [""]
    assert "light-1" in states(store)
