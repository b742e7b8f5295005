from decimal import Decimal

import httpx
import pytest

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connectors.records import ProductSummary, StockReport
from tests.suppliers.connectors.cj.recorded_answers import BLACK, REF, answer, recorded, said

LIST = "product/listV2"
PAGE = "product/query"


def rows(count, *, first=1, **changes):
    return [
        {"id": str(number), "saleStatus": "3", **changes} for number in range(first, first + count)
    ]


def page(found, *, total):
    pages = -(-total // 100)
    return answer({"content": [{"productList": found}], "totalRecords": total, "totalPages": pages})


def product_with(**changes):
    return answer(recorded("product")["data"] | changes)


def variant_with(**changes):
    data = recorded("product")["data"]
    data["variants"] = [data["variants"][0] | changes]
    return answer(data)


def codes(found):
    return [problem.code for problem in found.problems]


def test_list_row_has_the_stock_of_each_sku(cj, cj_answers):
    cj_answers.get(LIST).mock(return_value=said("list"))

    first, _ = list(cj.product_rows())

    assert first.external_id == REF
    assert StockReport(sku=BLACK, location="CN", country="CN", quantity=329) in first.stock


def test_every_page_is_read(cj, cj_answers):
    given = [(100, 1), (100, 101), (30, 201)]
    pages = [page(rows(count, first=first), total=230) for count, first in given]
    asked = cj_answers.get(LIST).mock(side_effect=pages)

    assert [row.external_id for row in cj.product_rows()] == [str(n) for n in range(1, 231)]
    assert [call.request.url.params["page"] for call in asked.calls] == ["1", "2", "3"]
    asked.mock(side_effect=[pages[0], page([], total=230)])
    with pytest.raises(PermanentError, match="page 2 of 3 is empty"):
        list(cj.product_rows())


def test_list_at_its_limit_is_read_by_category(cj, cj_answers):
    def answered(request):
        category = request.url.params.get("categoryId")
        if category is None:
            return page(rows(100), total=6000)
        return page(rows(1, first=int(category)), total=1 if category == "7" else 0)

    cj_answers.get(LIST).mock(side_effect=answered)
    third = [{"categoryId": "7", "categoryName": "Headlamps"}, {"categoryId": "8"}]
    cj_answers.get("product/getCategory").mock(
        return_value=answer([{"categoryFirstList": [{"categorySecondList": third}]}])
    )

    assert [row.external_id for row in cj.product_rows()] == ["7"]


def test_too_long_category_is_reported(cj, cj_answers):
    cj_answers.get(LIST).mock(return_value=page(rows(100), total=6000))
    cj_answers.get("product/getCategory").mock(
        return_value=answer(
            [{"categoryFirstList": [{"categorySecondList": [{"categoryId": "7"}]}]}]
        )
    )

    found = list(cj.product_rows())

    assert [row.code for row in found if isinstance(row, ImportIssue)] == ["list-too-long"]
    assert sum(isinstance(row, ProductSummary) for row in found) == 100  # each product comes once


def test_bad_row_does_not_affect_its_page(cj, cj_answers):
    bad = [7, {"nameEn": "without id"}, {"id": "x" * 61}, {"id": "4", "saleStatus": "2"}]
    cj_answers.get(LIST).mock(return_value=page([*rows(1), *bad], total=5))

    good, *others = list(cj.product_rows())

    assert good.external_id == "1"
    assert [(row.row, row.code) for row in others] == [
        ("page 1, row 2", "list-unreadable"),
        ("page 1, row 3", "list-no-id"),
        ("page 1, row 4", "list-no-id"),
        ("4", "list-not-on-sale"),
    ]


@pytest.mark.parametrize(
    ("change", "is_new_page", "is_new_price"),
    [
        ({}, False, False),
        ({"listedNum": 9_999, "warehouseInventoryNum": 0}, False, False),
        ({"nameEn": "A new name"}, True, False),
        ({"sellPrice": "12.30 -- 15.10"}, False, True),
    ],
)
def test_only_relevant_fields_change_the_digests(cj, cj_answers, change, is_new_page, is_new_price):
    row = {"id": "1", "nameEn": "Name", "sellPrice": "12.30", "listedNum": 1}
    cj_answers.get(LIST).mock(side_effect=[page([row], total=1), page([row | change], total=1)])

    (before,), (after,) = list(cj.product_rows()), list(cj.product_rows())

    assert (before.digest != after.digest) is is_new_page
    assert (before.cost_digest != after.cost_digest) is is_new_price


def test_page_becomes_a_product_record(cj, cj_answers):
    cj_answers.get(PAGE).mock(return_value=said("product"))

    found = cj.product(external_id=REF)

    record = found.record
    assert (record.external_id, record.brand, record.option_names) == (REF, "Varrowick", ("Color",))
    assert record.category_path == ("Portable Lighting", "Flashlights", "Everyday flashlights")
    assert record.claims["Light output"] == "1100 lm"
    assert (record.has_battery, record.hs_code) == (True, "8513101000")
    assert record.picture_urls[0].endswith("/0/front.png")
    black = record.variants[0]
    assert black.cost == Money(Decimal("19.74"), "USD")
    assert (black.sku, black.packed_weight_g) == (BLACK, 167)
    assert black.gtin
    assert black.mpn
    assert found.problems == ()
    assert StockReport(sku=BLACK, location="CN", country="CN", quantity=329) in found.stock


def test_prices_and_stock_do_not_change_the_digest(cj, cj_answers):
    dearer = variant_with(variantSellPrice=99.5, inventories=[])
    cj_answers.get(PAGE).mock(side_effect=[variant_with(), dearer, variant_with(variantKey="Red")])

    before, dear, red = (cj.product(external_id=REF).digest for _ in range(3))

    assert before == dear
    assert before != red


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (None, "cost-missing"),
        ("", "cost-missing"),
        ("12.30 -- 15.10", "cost-is-a-range"),
        ("12.30-15.10", "cost-is-a-range"),
        ("12,30", "cost-unreadable"),
        ("NaN", "cost-unreadable"),
        ("Infinity", "cost-unreadable"),
        (True, "cost-unreadable"),
        ("9" * 100, "cost-unreadable"),
        (0, "cost-not-positive"),
        ("-1", "cost-not-positive"),
    ],
)
def test_invalid_price_is_left_out_of_the_record(cj, cj_answers, price, code):
    cj_answers.get(PAGE).mock(return_value=variant_with(variantSellPrice=price))

    found = cj.product(external_id=REF)

    assert codes(found) == [code]
    assert found.record.variants[0].cost is None


def test_price_may_be_text_and_keeps_its_currency(cj, cj_answers):
    given = variant_with(variantSellPrice=" 19.74 ", currency="EUR")
    cj_answers.get(PAGE).mock(return_value=given)

    assert cj.product(external_id=REF).record.variants[0].cost == Money(Decimal("19.74"), "EUR")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"variants": []}, "no-variants"),
        ({"variants": None}, "no-variants"),
        ({"productNameEn": None}, "no-title"),
        ({"productNameEn": "  "}, "no-title"),
        ({"pid": "another"}, "other-product"),
        ({"variants": "none"}, "unreadable"),
    ],
)
def test_unusable_page_has_a_problem(cj, cj_answers, changes, code):
    cj_answers.get(PAGE).mock(return_value=product_with(**changes))

    found = cj.product(external_id=REF)

    assert found.record is None
    assert codes(found) == [code]
    assert found.problems[0].is_fatal


def test_duplicate_sku_on_a_page_counts_once(cj, cj_answers):
    variants = recorded("product")["data"]["variants"]
    cj_answers.get(PAGE).mock(return_value=product_with(variants=[*variants, variants[0]]))

    found = cj.product(external_id=REF)

    assert [variant.sku for variant in found.record.variants] == [v["vid"] for v in variants]
    assert codes(found) == ["sku-twice"]


def test_nan_price_in_json_is_garbage(cj, cj_answers):
    content = b'{"code":200,"data":{"variantSellPrice":NaN}}'
    cj_answers.get(PAGE).mock(return_value=httpx.Response(200, content=content))

    with pytest.raises(PermanentError) as caught:
        cj.product(external_id=REF)

    assert caught.value.code == "garbage"


@pytest.mark.parametrize(
    ("given", "minimum"), [("5", 5), (5, 5), ("1", 1), ("0", None), ("-2", None), ("some", None)]
)
def test_minimum_quantity_of_the_list_is_on_the_page(cj, cj_answers, given, minimum):
    row = {"id": REF, "saleStatus": "3", "directMinOrderNum": given}
    cj_answers.get(LIST).mock(return_value=page([row], total=1))
    cj_answers.get(PAGE).mock(return_value=said("product"))

    list(cj.product_rows())
    record = cj.product(external_id=REF).record

    assert {variant.terms.min_order_units for variant in record.variants} == {minimum}


def test_costs_are_single_prices(cj, cj_answers):
    offered = recorded("variants")["data"]
    offered[1]["variantSellPrice"] = "1 -- 2"
    cj_answers.get("product/variant/query").mock(return_value=answer([*offered, 5]))

    found = cj.costs(external_id=REF)

    assert found[0].cost == Money(Decimal("19.74"), "USD")
    assert [row.code for row in found if isinstance(row, ImportIssue)] == [
        "cost-is-a-range",
        "cost-unreadable",
    ]
