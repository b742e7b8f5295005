import json

import pytest

from catalog.records import ImportIssue
from suppliers.connectors.cj import stock
from suppliers.connectors.records import StockReport
from tests.suppliers.connectors.cj.recorded_answers import REF, answer

HERE = {"countryCode": "CN"}


def units(place):
    (row,) = stock.of_variant("17", [HERE | place])
    return row.quantity if isinstance(row, StockReport) else row.code


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"cjInventoryNum": 5, "totalInventoryNum": 90}, 5),
        ({"cjInventory": "5", "totalInventory": "90"}, 5),
        ({"totalInventoryNum": 7}, 7),
        ({"totalInventory": 7.0}, 7),
        ({"storageNum": "8"}, 8),
        ({"cjInventoryNum": 0, "factoryInventoryNum": 500}, 0),
        ({"stock": [{"stockId": "a", "inventory": 3}, {"stockId": "b", "inventory": "4"}]}, 7),
        ({"stock": json.dumps([{"inventory": 3}]), "totalInventoryNum": 90}, 3),
        ({"stock": [{"inventory": 3}, {"inventory": "some"}], "totalInventoryNum": 9}, 9),
        ({"stock": "nonsense", "storageNum": 2}, 2),
        ({"cjInventoryNum": "about 5"}, "stock-unreadable"),
        ({"cjInventoryNum": 2.5}, "stock-unreadable"),
        ({"cjInventoryNum": -5}, -5),  # clamped later, for all suppliers
    ],
)
def test_units_are_read_from_each_field(place, expected):
    assert units(place) == expected


def test_missing_figure_is_zero_with_an_issue():
    zero, issue = stock.of_variant("17", [HERE])

    assert (zero.quantity, issue.code) == (0, "stock-missing")


def test_country_stock_is_the_sum_of_its_warehouses():
    reported = [{"countryCode": code, "cjInventoryNum": n} for code, n in (("UK", 2), ("gb", 3))]

    (row,) = stock.of_variant("17", reported)

    assert (row.country, row.location, row.quantity) == ("GB", "GB", 5)


@pytest.mark.parametrize("spelling", ["inventory", "inventories"])
@pytest.mark.parametrize("packed", [json.dumps, lambda rows: rows])
def test_product_stock_may_be_json_in_a_string(cj, cj_answers, spelling, packed):
    places = packed([HERE | {"cjInventory": 4}])
    reported = {"variantInventories": packed([{"vid": 17, spelling: places}])}
    cj_answers.get("product/stock/getInventoryByPid").mock(return_value=answer(reported))

    assert cj.stock(external_id=REF) == (
        StockReport(sku="17", location="CN", country="CN", quantity=4),
    )


def test_stock_without_a_list_is_a_bad_row_of_the_product(cj, cj_answers):
    reported = {"variantInventories": [7]}
    cj_answers.get("product/stock/getInventoryByPid").mock(return_value=answer(reported))

    (row,) = cj.stock(external_id=REF)

    assert isinstance(row, ImportIssue)
    assert (row.row, row.code) == (REF, "stock-missing-sku")


def test_unreadable_variant_does_not_affect_others(cj, cj_answers):
    reported = {
        "variantInventories": [
            {"vid": "17", "inventory": "[7]"},
            {"vid": "18", "inventory": [HERE | {"cjInventoryNum": 4}]},
            {"inventory": []},
        ]
    }
    cj_answers.get("product/stock/getInventoryByPid").mock(return_value=answer(reported))

    first, second, third = cj.stock(external_id=REF)

    assert (first.row, first.code) == ("17", "stock-unreadable")
    assert second == StockReport(sku="18", location="CN", country="CN", quantity=4)
    assert third.code == "stock-missing-sku"
