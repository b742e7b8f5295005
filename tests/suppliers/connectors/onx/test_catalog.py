"""onX catalog: products with variants, costs in the right currency, stock by location."""

from decimal import Decimal

import pytest

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connectors.records import StockReport

PRODUCT = {
    "id": "P1",
    "name": "Lumen 5",
    "description": "<ul><li>Battery: 18650</li></ul>",
    "vendor": "Lumen",
    "categories": ["Lights > Headlamps", "New"],
    "options": [{"name": "Color", "values": ["Black", "Red"]}],
    "imageURLs": ["https://lumen.example/1.png"],
    "customFields": [{"name": "Light output", "value": "900 lm"}],
    "updatedAt": "2026-12-01T00:00:00Z",
}
BLACK = {
    "id": "V1",
    "productId": "P1",
    "sku": "L-1",
    "barcode": "4006381333931",
    "selectedOptions": [{"name": "Color", "value": "Black"}],
    "weight": {"value": 1.5, "unit": "kg"},
    "cost": 12.5,
    "costCurrency": "EUR",
    "price": 30,
    "currency": "USD",
}
RED = {**BLACK, "id": "V2", "sku": "L-2", "selectedOptions": [{"name": "Color", "value": "Red"}]}


def variants(*rows):
    return {"success": True, "productVariants": [*rows]}


def read(serve, *rows, products=(PRODUCT,), **options):
    _, onx = serve(
        get_products={"products": [*products]},
        get_product_variants=variants(*rows),
        options=options,
    )
    return list(onx.pages())


def test_product_page_joins_product_and_variants(serve):
    (page,) = read(serve, BLACK, {**RED, "cost": None, "price": None})

    record = page.record
    assert (record.title, record.brand, record.has_battery) == ("Lumen 5", "Lumen", True)
    assert record.category_path == ("Lights", "Headlamps")
    assert record.claims == {"Battery": "18650", "Light output": "900 lm"}
    assert record.option_names == ("Color",)
    black, red = record.variants
    assert (black.sku, black.title, black.option_values) == ("L-1", "Lumen 5 Black", ("Black",))
    assert (black.gtin, black.packed_weight_g) == ("4006381333931", 1500)
    assert (black.cost, red.cost) == (Money(Decimal("12.5"), "EUR"), None)
    assert [issue.code for issue in page.problems] == ["cost-missing"]


def test_digest_follows_text_and_cost_digest_follows_prices(serve):
    (page,) = read(serve, BLACK)
    (dated,) = read(serve, BLACK, products=[{**PRODUCT, "updatedAt": "2026-12-02T00:00:00Z"}])
    (dearer,) = read(serve, {**BLACK, "cost": 13})
    (renamed,) = read(serve, BLACK, products=[{**PRODUCT, "name": "Lumen 6"}])

    assert (dated.digest, dated.cost_digest) == (page.digest, page.cost_digest)
    assert (dearer.digest == page.digest, dearer.cost_digest == page.cost_digest) == (True, False)
    assert renamed.digest != page.digest


@pytest.mark.parametrize(
    ("change", "options", "cost"),
    [
        ({}, {}, "12.5 EUR"),
        ({"costCurrency": None}, {}, "12.5 USD"),
        ({"costCurrency": None, "currency": None}, {}, "12.5 USD"),  # the supplier's
        ({"cost": None}, {}, "30 USD"),
        ({}, {"cost_field": "price"}, "30 USD"),
        ({"costCurrency": "euro"}, {}, "cost-unreadable"),
        ({"cost": "free"}, {}, "cost-unreadable"),
    ],
)
def test_cost_is_the_cost_field_else_the_price(serve, change, options, cost):
    _, onx = serve(get_product_variants=variants({**BLACK, **change}), options=options)

    ((product, (row,)),) = onx.cost_rows()

    assert product == "P1"
    read_as = row.code if isinstance(row, ImportIssue) else f"{row.cost.amount} {row.cost.currency}"
    assert read_as == cost


def test_rows_that_cannot_be_told_apart_are_reported(serve):
    rows = (BLACK, {**RED, "sku": "L-1"}, {"sku": "L-9"}, {**RED, "id": "V3", "sku": ""})
    products = (PRODUCT, {"name": "?"}, {**PRODUCT, "id": "P2", "status": "Archived"})

    found = read(serve, *rows, BLACK, products=products)

    issues = [row for row in found if isinstance(row, ImportIssue)]
    (page,) = [row for row in found if not isinstance(row, ImportIssue)]
    assert {(issue.row, issue.code) for issue in issues} == {
        ("L-1", "sku-of-two"),
        ("L-9", "list-no-id"),
        ("?", "list-no-id"),
    }
    assert [variant.sku for variant in page.record.variants] == ["L-1"]
    assert [issue.code for issue in page.problems] == ["sku-missing"]


@pytest.mark.parametrize(
    ("product", "rows", "code"),
    [({**PRODUCT, "name": None}, [BLACK], "no-title"), (PRODUCT, [], "no-variants")],
)
def test_product_without_title_or_variant_is_not_imported(serve, product, rows, code):
    (page,) = read(serve, *rows, products=[product])

    assert (page.record, [issue.code for issue in page.problems]) == (None, [code])


INVENTORY = {
    "inventory": [
        {"sku": "L-1", "locationId": "A", "available": 7},
        {"sku": "L-1", "locationId": "B", "available": 2},
        {"sku": "L-2", "locationId": "A", "available": "many"},
        {"sku": "L-7", "locationId": "A", "available": 3},
    ]
}


@pytest.mark.parametrize(
    ("options", "asked", "levels"),
    [
        ({"warehouse_country": "CN"}, {}, [("A", "CN", 7), ("B", "CN", 2), "stock-unreadable"]),
        (
            {"warehouses": {"A": "DE"}},
            {"locationIds": ["A"]},
            [("A", "DE", 7), "stock-unreadable"],
        ),
    ],
)
def test_stock_counts_at_the_locations_that_staff_list(serve, options, asked, levels):
    server, onx = serve(
        get_product_variants=variants(BLACK, RED), get_inventory=INVENTORY, options=options
    )

    ((product, rows),) = onx.stock_rows()

    assert product == "P1"
    assert [
        (row.location, row.country, row.quantity) if isinstance(row, StockReport) else row.code
        for row in rows
    ] == levels
    assert server.called("get-inventory") == [{"skus": ["L-1", "L-2"], **asked}]


def test_no_stock_is_read_without_the_country_of_the_warehouses(serve):
    _, onx = serve(get_product_variants=variants(BLACK))

    with pytest.raises(PermanentError) as wrong:
        list(onx.stock_rows())

    assert wrong.value.code == "bad_options"
