"""Contract: stock and prices are absolute, and a refused row leaves the others."""

from dataclasses import replace

import pytest

from storefront.lib.http.errors import TemporaryError
from storefront.sales_channels.platforms.base import PriceWrite, StockWrite
from tests.storefront.sales_channels.platforms.contract.cases import shown, states
from tests.storefront.sales_channels.platforms.contract.test_products import unknown


def stock_writes(goods, quantity, *, key="s1"):
    return [
        StockWrite(variant=ids, quantity=quantity + number, key=f"{key}-{number}")
        for number, ids in enumerate(all_ids(goods))
    ]


def all_ids(goods):
    return [ids for each in goods for ids in each.external_variants.values()]


def quantities(store):
    return {state.variant: state.quantity for state in states(store).values()}


def test_stock_is_absolute_and_may_be_repeated(store, goods):
    writes = stock_writes(goods, 20)
    for _ in range(2):
        assert [each.problem for each in store.platform.write_stock(writes)] == [""] * len(writes)

    assert quantities(store) == {each.variant: each.quantity for each in writes}


def test_stock_can_fall_to_zero_and_return(store, goods):
    for number, quantity in enumerate((0, 5)):
        writes = [replace(each, quantity=quantity) for each in stock_writes(goods, 0, key=number)]
        list(store.platform.write_stock(writes))
        assert set(quantities(store).values()) == {quantity}


def test_sale_of_the_store_lowers_stock_until_ours_is_written(store, goods):
    sku, ids = next(iter(goods[0].external_variants.items()))
    before = states(store)[sku].quantity

    store.sell({sku: 2})
    assert states(store)[sku].quantity == before - 2
    list(store.platform.write_stock([StockWrite(variant=ids, quantity=before, key="ours")]))

    assert states(store)[sku].quantity == before


def test_missing_variant_is_reported_and_the_others_are_written(store, goods):
    writes = stock_writes(goods, 30)
    gone = replace(writes[1], variant=unknown(store, writes[1].variant))
    batch = [writes[0], gone, *writes[2:]]

    results = {each.variant: each for each in store.platform.write_stock(batch)}

    assert results[gone.variant].problem
    assert results[gone.variant].is_missing
    assert [each.problem for key, each in results.items() if key != gone.variant] == [""] * 4
    kept = {each.variant: each.quantity for each in batch if each is not gone}
    assert kept.items() <= quantities(store).items()


def test_stock_is_right_after_a_lost_answer_and_a_retry(store, goods):
    writes = stock_writes(goods, 40)
    store.fault("write_stock", "drop_after", count=0)
    with pytest.raises(TemporaryError) as raised:
        list(store.platform.write_stock(writes))
    assert raised.value.is_outcome_unknown
    store.running.control("faults/clear", {})

    results = list(store.platform.write_stock(writes))

    assert [each.problem for each in results] == [""] * len(writes)
    assert quantities(store) == {each.variant: each.quantity for each in writes}


def test_price_with_and_without_a_reduction(store, goods):
    first, second, *rest = all_ids(goods)
    writes = [
        PriceWrite(variant=first, price=store.money("59.00"), compare_at=store.money("79.90")),
        PriceWrite(variant=second, price=store.money("81.00"), compare_at=None),
        *(PriceWrite(variant=ids, price=store.money("10.05"), compare_at=None) for ids in rest),
    ]
    for _ in range(2):
        assert [each.problem for each in store.platform.write_prices(writes)] == [""] * len(writes)

    held = {state.variant: (state.price, state.compare_at) for state in states(store).values()}
    assert held == {each.variant: (each.price, each.compare_at) for each in writes}


def test_price_of_a_missing_variant_is_reported_and_the_others_are_written(store, goods):
    ids = all_ids(goods)
    gone = unknown(store, ids[1])
    writes = [
        PriceWrite(variant=each, price=store.money("12.34"), compare_at=None)
        for each in (ids[0], gone, *ids[2:])
    ]

    results = {each.variant: each for each in store.platform.write_prices(writes)}

    assert results[gone].is_missing
    prices = {state.variant: str(state.price) for state in states(store).values()}
    assert {prices[each.variant] for each in writes if each.variant != gone} == {"12.34 EUR"}


def test_stock_write_leaves_prices_and_visibility(store, goods):
    list(store.platform.unpublish([goods[1].external_id]))
    before = shown(store)

    list(store.platform.write_stock(stock_writes(goods, 50)))

    after = shown(store)
    assert {sku: (row[:2], row[3]) for sku, row in after.items()} == {
        sku: (row[:2], row[3]) for sku, row in before.items()
    }
