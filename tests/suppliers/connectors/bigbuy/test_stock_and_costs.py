import time
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

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


@pytest.mark.parametrize(("allowed", "units", "days"), [(2, 147, 1), (7, 147 + 300, 7)])
def test_stock_with_allowed_lead_time_counts(bigbuy_answers, opened, allowed, units, days):
    answer_lists(bigbuy_answers)
    connector = opened(warehouses={"1": "PT"}, max_handling_days=allowed, only_in_stock=False)

    found_rows = [row for _, rows in connector.stock_rows() for row in rows]
    lead_days = {
        v.sku: v.terms.lead_days for page in connector.pages() for v in page.record.variants
    }

    assert {row.sku for row in found_rows} == {ALONE_SKU, BLACK_SKU, SECOND_SKU, THIRD_SKU}
    assert StockReport(sku=BLACK_SKU, location="1", country="PT", quantity=units) in found_rows
    assert lead_days[BLACK_SKU] == days  # the longest of the counted stock


@pytest.mark.parametrize(
    ("stocks", "changed"),
    [([], set()), ([{"quantity": 9, "maxHandlingDays": 2, "warehouse": 1}], {MANY})],
    ids=["sold out", "longer lead time"],
)
def test_only_a_new_lead_time_changes_the_digest(bigbuy_answers, opened, stocks, changed):
    def digests():
        return {page.external_id: page.digest for page in opened(only_in_stock=False).pages()}

    lists = answer_lists(bigbuy_answers)
    before = digests()
    rows = [row | {"stocks": stocks} for row in recorded("productsvariationsstockbyhandlingdays")]
    lists["productsvariationsstockbyhandlingdays"].mock(return_value=json_answer(rows))

    list(opened().stock_rows())

    assert {key for key, digest in digests().items() if digest != before[key]} == changed


def test_unreadable_stock_and_price_are_reported(bigbuy_answers, opened):
    pile = {"quantity": "many", "maxHandlingDays": 1, "warehouse": 1}
    rows = [row | {"stocks": [pile]} for row in recorded("productsstockbyhandlingdays")]
    prices = [row | {"wholesalePrice": "1,50"} for row in recorded("productprices")]
    answer_lists(
        bigbuy_answers,
        productsstockbyhandlingdays=json_answer(rows),
        productprices=json_answer(prices),
    )

    (stock,) = dict(opened().stock_rows())[ALONE]
    (price,) = dict(opened().cost_rows())[ALONE]

    assert (stock.row, stock.code) == (ALONE_SKU, "stock-unreadable")
    assert (price.row, price.code) == (ALONE_SKU, "cost-unreadable")


def test_costs_come_from_both_lists_by_product(bigbuy_answers, opened):
    answer_lists(bigbuy_answers)

    found_rows = [(external_id, row) for external_id, rows in opened().cost_rows() for row in rows]

    assert (ALONE, PriceReport(sku=ALONE_SKU, cost=Money(Decimal("9.21"), "EUR"))) in found_rows
    assert {
        external_id for external_id, row in found_rows if row.sku in {BLACK_SKU, SECOND_SKU}
    } == {MANY}
    assert len(found_rows) == 4  # the parent of variations has no price


def test_used_up_quota_sends_nothing(bigbuy_answers, opened):
    lists = answer_lists(bigbuy_answers)
    budget = EndlessSeconds()
    budget.used["catalog/productprices"] = 10

    with pytest.raises(QuotaExceededError):
        list(opened(budget=budget).cost_rows())

    assert not lists["productprices"].called


def test_reported_quota_is_stored_and_its_reset_time_limited(bigbuy_answers, opened):
    found = []
    for headers in (limited(3), limited(0) | {"X-RateLimit-Reset": "17958240000"}):
        budget = EndlessSeconds()
        products = httpx.Response(200, json=recorded("products"), headers=headers)
        answer_lists(bigbuy_answers, products=products)
        list(opened(budget=budget).pages())
        found.append(budget.believed["catalog/products"])

    assert found[0] == (3, 10, RESETS)
    assert found[1][2].timestamp() < time.time() + 3_700


def test_rate_limited_list_waits_for_the_reset(bigbuy_answers, opened):
    refused = httpx.Response(429, text="You exceeded the rate limit", headers=limited(0))
    lists = answer_lists(bigbuy_answers, products=refused)

    with pytest.raises(QuotaExceededError) as failure:
        list(opened().pages())

    assert failure.value.until == RESETS
    assert lists["products"].call_count == 1
