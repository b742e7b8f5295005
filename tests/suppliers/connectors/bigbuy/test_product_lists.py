from decimal import Decimal

import httpx
import pytest

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.bigbuy import product_pages
from suppliers.connectors.records import MissingRowMeans
from tests.factories.connector_contexts import DictMemory
from tests.suppliers.connectors.bigbuy.recorded_answers import (
    ALONE,
    ALONE_SKU,
    BLACK_SKU,
    MANY,
    SECOND_SKU,
    THIRD_SKU,
    answer_lists,
    json_answer,
    recorded,
)

pytestmark = pytest.mark.django_db


def pages_of(connector):
    return {page.external_id: page for page in connector.pages()}


def digests(pages):
    return {external_id: page.digest for external_id, page in pages.items()}


def test_products_are_joined_by_id(bigbuy_answers, opened):
    answer_lists(bigbuy_answers)

    found = pages_of(opened())

    alone, many = found[ALONE].record, found[MANY].record
    assert alone.title == "Keychain flashlight Pellumbra Girder 85 In a charger"
    assert (alone.brand, alone.hs_code, alone.has_battery) == ("Pellumbra", "8513101000", True)
    assert alone.claims["Light output"] == "85 lm"
    assert alone.category_path[0] == "Lighting"
    assert len(alone.category_path) == 3
    assert alone.picture_urls[0].endswith("/0/front.png")  # the cover, last in the list
    assert [v.sku for v in many.variants] == [BLACK_SKU, SECOND_SKU, THIRD_SKU]
    assert many.option_names == ("Color",)
    assert len({v.option_values for v in many.variants}) == 3
    (variant,) = alone.variants
    assert (variant.sku, variant.cost) == (ALONE_SKU, Money(Decimal("9.21"), "EUR"))
    assert (variant.gtin, variant.mpn) == ("2548732877333", "PL-GIR85")
    assert variant.packed_weight_g == 57


@pytest.mark.parametrize(
    ("date", "asked"),
    [
        ("", set()),
        ("dateUpdDescription", {"productsinformation"}),
        ("dateUpdImages", {"productsimages"}),
        ("dateUpd", {"productsvariations"}),
    ],
)
def test_only_a_list_with_a_new_date_is_fetched_again(bigbuy_answers, opened, date, asked):
    lists = answer_lists(bigbuy_answers)
    first = pages_of(opened(only_in_stock=False))
    new = {date: "2026-11-24 10:00:00"} if date else {}
    rows = [row | new if row["attributes"] else row for row in recorded("products")]
    lists["products"].mock(return_value=json_answer(rows))

    second = pages_of(opened(only_in_stock=False))

    assert digests(first) == digests(second)
    assert second[ALONE].record.title  # from disk
    again = {name for name, route in lists.items() if route.call_count == 2}
    assert again == {"products", *asked}


def test_price_or_date_does_not_change_the_digest(bigbuy_answers, opened):
    lists = answer_lists(bigbuy_answers)
    first = pages_of(opened())
    rows = [
        row | {"wholesalePrice": 1.5, "dateUpd": "2026-11-24 10:00:00"}
        for row in recorded("products")
    ]
    lists["products"].mock(return_value=json_answer(rows))

    second = pages_of(opened())

    assert digests(second) == digests(first)
    assert second[ALONE].cost_digest != first[ALONE].cost_digest


def test_products_in_stock_are_imported_and_kept_while_listed(bigbuy_answers, opened, monkeypatch):
    monkeypatch.setattr("suppliers.connectors.bigbuy.product_lists.STOCKED_MAX_AGE_S", -1)
    empty = [row | {"stocks": []} for row in recorded("productsstockbyhandlingdays")]
    lists = answer_lists(bigbuy_answers, productsstockbyhandlingdays=json_answer(empty))
    memory = DictMemory()

    assert set(pages_of(opened(memory=memory))) == {MANY}

    none = [row | {"stocks": []} for row in recorded("productsvariationsstockbyhandlingdays")]
    lists["productsvariationsstockbyhandlingdays"].mock(return_value=json_answer(none))
    assert set(pages_of(opened(memory=memory))) == {MANY}  # out of stock, not discontinued

    lists["products"].mock(return_value=json_answer(recorded("products")[1:]))
    left = pages_of(opened(memory=memory))
    assert MANY not in left


def test_inactive_product_is_left_out(bigbuy_answers, opened):
    rows = [row | {"active": 0} if str(row["id"]) == ALONE else row for row in recorded("products")]
    answer_lists(bigbuy_answers, products=json_answer(rows))
    connector = opened(only_in_stock=False)

    assert set(pages_of(connector)) == {MANY}
    assert connector.omitted_products is MissingRowMeans.DISCONTINUED


def test_rows_without_id_or_text_are_reported(bigbuy_answers, opened):
    invalid = [{"sku": "S1"}, *recorded("products")]
    texts = [row for row in recorded("productsinformation") if str(row["id"]) == MANY]
    answer_lists(
        bigbuy_answers, products=json_answer(invalid), productsinformation=json_answer(texts)
    )

    rows = list(opened(only_in_stock=False).pages())

    assert [row.code for row in rows if isinstance(row, ImportIssue)] == ["list-no-id"]
    (without,) = [page for page in rows if getattr(page, "record", "") is None]
    assert (without.external_id, without.problems[0].code) == (ALONE, "no-title")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(200, text='HTTP/1.0 500 Error\r\n\r\n{"error":"x"}'), TemporaryError),
        (
            httpx.Response(200, json={"code": 409, "message": "Something went wrong"}),
            PermanentError,
        ),
        (httpx.Response(200, text=""), PermanentError),
        (httpx.Response(200, text='[{"id": 1'), PermanentError),
        (httpx.Response(200, text='[{"id": NaN}]'), PermanentError),
        (httpx.Response(200, text="[1, 2]"), PermanentError),
        (httpx.Response(200, text="<html>"), PermanentError),
        (httpx.Response(503, text="Service Unavailable"), TemporaryError),
        (httpx.Response(401, json={"message": "Invalid Token"}), PermanentError),
    ],
)
@pytest.mark.parametrize("name", ["products", "productsinformation"])
def test_invalid_list_raises(bigbuy_answers, opened, answer, kind, name):
    answer_lists(bigbuy_answers, **{name: answer})

    with pytest.raises(kind):
        list(opened(only_in_stock=False).pages())


def test_empty_list_of_texts_is_rejected(bigbuy_answers, opened):
    lists = answer_lists(bigbuy_answers)
    pages_of(opened(only_in_stock=False))
    newer = [row | {"dateUpdDescription": "2026-11-24"} for row in recorded("products")]
    lists["products"].mock(return_value=json_answer(newer))
    lists["productsinformation"].mock(return_value=json_answer([]))

    with pytest.raises(PermanentError, match="the list is empty"):
        list(opened(only_in_stock=False).pages())

    lists["products"].mock(return_value=json_answer(recorded("products")))
    assert pages_of(opened(only_in_stock=False))[ALONE].record is not None


def test_list_is_fetched_page_by_page(bigbuy_answers, opened, monkeypatch):
    monkeypatch.setattr("suppliers.connectors.bigbuy.client.PAGE_SIZE", 1)
    rows = recorded("products")
    lists = answer_lists(bigbuy_answers)

    def page(request):
        number = int(request.url.params["page"])
        assert request.url.params["parentTaxonomy"] == "19657"
        return json_answer(rows[number : number + 1])

    lists["products"].mock(side_effect=page)

    assert len(rows) == 2
    assert set(pages_of(opened(only_in_stock=False))) == {ALONE, MANY}
    assert lists["products"].call_count == 3


def test_a_product_with_an_unexpected_error_is_an_issue_and_others_are_read(
    bigbuy_answers, opened, monkeypatch
):
    answer_lists(bigbuy_answers)
    original = product_pages._JoinedProduct.page

    def fail(joined):
        if joined._external_id == ALONE:
            raise KeyError("unexpected")
        return original(joined)

    monkeypatch.setattr(product_pages._JoinedProduct, "page", fail)
    found = pages_of(opened())

    (issue,) = found[ALONE].problems
    assert (issue.row, issue.code, found[ALONE].record) == (ALONE, "record-failed", None)
    assert "KeyError: 'unexpected'" in issue.message
    assert found[MANY].record.variants
