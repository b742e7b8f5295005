import time
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from catalog.records import ImportIssue
from storefront.lib.money import Money
from suppliers.connectors.records import PriceReport, QuotaExceededError, StockReport
from tests.suppliers.connectors.bigbuy.recorded_answers import (
    ALONE,
    ALONE_SKU,
    BLACK_SKU,
    MANY,
    SECOND_SKU,
    THIRD_SKU,
    EndlessSeconds,
    answer_lists,
    json_answer,
    recorded,
)

pytestmark = pytest.mark.django_db

RESETS = datetime.fromtimestamp(1795557747, UTC)


def limited(left):
    return {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": "1795557747",
    }


def test_stock_with_allowed_lead_time_counts_for_its_warehouse(bigbuy_answers, opened):
    answer_lists(bigbuy_answers)

    told = [row for _, rows in opened(warehouses={"1": "PT"}).stock_rows() for row in rows]

    assert {row.sku for row in told} == {ALONE_SKU, BLACK_SKU, SECOND_SKU, THIRD_SKU}
    assert StockReport(sku=BLACK_SKU, location="1", country="PT", quantity=147) in told


def test_longer_lead_time_counts_when_allowed(bigbuy_answers, opened):
    answer_lists(bigbuy_answers)

    told = [row for _, rows in opened(max_handling_days=7).stock_rows() for row in rows]

    assert {row.sku: row.quantity for row in told}[BLACK_SKU] == 147 + 300


@pytest.mark.parametrize(("allowed", "days"), [(2, 1), (7, 7)])
def test_lead_time_is_the_longest_of_counted_stock(bigbuy_answers, opened, allowed, days):
    answer_lists(bigbuy_answers)

    pages = list(opened(max_handling_days=allowed, only_in_stock=False).pages())

    told = {v.sku: v.terms.lead_days for page in pages for v in page.record.variants}
    assert told[BLACK_SKU] == days


def test_sold_out_product_keeps_lead_time_and_digest(bigbuy_answers, opened):
    lists = answer_lists(bigbuy_answers)
    before = [(page.external_id, page.digest) for page in opened(only_in_stock=False).pages()]
    none = [row | {"stocks": []} for row in recorded("productsvariationsstockbyhandlingdays")]
    lists["productsvariationsstockbyhandlingdays"].mock(return_value=json_answer(none))

    list(opened().stock_rows())

    assert [
        (page.external_id, page.digest) for page in opened(only_in_stock=False).pages()
    ] == before


def test_new_lead_time_changes_the_digest(bigbuy_answers, opened):
    lists = answer_lists(bigbuy_answers)
    before = {page.external_id: page.digest for page in opened(only_in_stock=False).pages()}
    pile = {"quantity": 9, "maxHandlingDays": 2, "warehouse": 1}
    rows = recorded("productsvariationsstockbyhandlingdays")
    slower = [row | {"stocks": [pile]} for row in rows]
    lists["productsvariationsstockbyhandlingdays"].mock(return_value=json_answer(slower))

    list(opened().stock_rows())

    after = {page.external_id: page.digest for page in opened(only_in_stock=False).pages()}
    assert {external_id for external_id in after if after[external_id] != before[external_id]} == {
        MANY
    }


def test_unreadable_stock_row_is_reported(bigbuy_answers, opened):
    pile = {"quantity": "many", "maxHandlingDays": 1, "warehouse": 1}
    rows = [row | {"stocks": [pile]} for row in recorded("productsstockbyhandlingdays")]
    answer_lists(bigbuy_answers, productsstockbyhandlingdays=json_answer(rows))

    told = [
        row for external_id, rows in opened().stock_rows() for row in rows if external_id == ALONE
    ]

    assert [(row.row, row.code) for row in told] == [(ALONE_SKU, "stock-unreadable")]


def test_costs_come_from_both_lists_by_product(bigbuy_answers, opened):
    answer_lists(bigbuy_answers)

    told = [(external_id, row) for external_id, rows in opened().cost_rows() for row in rows]

    assert (ALONE, PriceReport(sku=ALONE_SKU, cost=Money(Decimal("9.21"), "EUR"))) in told
    assert {external_id for external_id, row in told if row.sku in {BLACK_SKU, SECOND_SKU}} == {
        MANY
    }
    assert len(told) == 4  # the parent of variations has no price


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (None, "cost-missing"),
        ("", "cost-missing"),
        (0, "cost-not-positive"),
        ("1,50", "cost-unreadable"),
        (True, "cost-unreadable"),
    ],
)
def test_invalid_price_is_reported(bigbuy_answers, opened, price, code):
    rows = [row | {"wholesalePrice": price} for row in recorded("productprices")]
    answer_lists(bigbuy_answers, productprices=json_answer(rows))

    told = [
        row for external_id, rows in opened().cost_rows() for row in rows if external_id == ALONE
    ]

    assert [(row.row, row.code) for row in told if isinstance(row, ImportIssue)] == [
        (ALONE_SKU, code)
    ]


def test_each_list_call_spends_its_quota(bigbuy_answers, opened):
    answer_lists(bigbuy_answers)
    budget = EndlessSeconds()

    list(opened(budget=budget).pages())

    assert budget.used["catalog/products"] == 1
    assert budget.used["catalog/manufacturers"] == 1


def test_used_up_quota_sends_nothing(bigbuy_answers, opened):
    lists = answer_lists(bigbuy_answers)
    budget = EndlessSeconds()
    budget.used["catalog/productprices"] = 10

    with pytest.raises(QuotaExceededError):
        list(opened(budget=budget).cost_rows())

    assert not lists["productprices"].called


def test_reported_quota_is_stored(bigbuy_answers, opened):
    budget = EndlessSeconds()
    products = httpx.Response(200, json=recorded("products"), headers=limited(3))
    answer_lists(bigbuy_answers, products=products)

    list(opened(budget=budget).pages())

    assert budget.believed["catalog/products"] == (3, 10, RESETS)


def test_absurd_reset_time_is_limited_to_the_hour(bigbuy_answers, opened):
    budget = EndlessSeconds()
    absurd = limited(0) | {"X-RateLimit-Reset": "17958240000"}
    products = httpx.Response(200, json=recorded("products"), headers=absurd)
    answer_lists(bigbuy_answers, products=products)

    list(opened(budget=budget).pages())

    until = budget.believed["catalog/products"][2]
    assert until.timestamp() < time.time() + 3_700


def test_rate_limited_list_waits_for_the_reset(bigbuy_answers, opened):
    refused = httpx.Response(429, text="You exceeded the rate limit", headers=limited(0))
    lists = answer_lists(bigbuy_answers, products=refused)

    with pytest.raises(QuotaExceededError) as failure:
        list(opened().pages())

    assert failure.value.until == RESETS
    assert lists["products"].call_count == 1
