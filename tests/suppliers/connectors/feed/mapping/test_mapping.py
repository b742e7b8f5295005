from datetime import date
from decimal import Decimal

import pytest

from catalog.records import NO_SUPPLIER_TERMS, ImportIssue, SupplierTerms
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.connectors.records import StockReport
from suppliers.feed_mapping.sample import preview_rows, unread_columns
from suppliers.feed_mapping.suggestions import suggest_mapping
from suppliers.models import FileContent

ROW = {
    "SKU": "HL-700-BLK",
    "Parent": "HL-700",
    "EAN": "5901234123457",
    "Name": "Trail 700",
    "Price": "€ 14,20",
    "Stock": ">10",
    "Weight": "0,5",
    "Pictures": "https://a.example/1.jpg|https://a.example/2.jpg|javascript:alert(1)",
    "Path": "Lights > Headlamps",
    "Features": "Light output:700 lm|Ratio:16:9|broken|:empty",
    "L": "6,2", "W": "4", "H": "4",
    "Color": "Black",
    "Deleted": "0",
}  # fmt: skip
FIELDS = {
    "sku": {"column": "SKU"},
    "parent": {"column": "Parent"},
    "gtin": {"column": "EAN"},
    "title": {"column": "Name"},
    "cost": {"column": "Price"},
    "stock": {"column": "Stock"},
    "weight": {"column": "Weight", "unit": "kg"},
    "category": {"column": "Path", "separator": ">"},
    "features": {"column": "Features", "separator": "|"},
    "length": {"column": "L", "unit": "cm"},
    "width": {"column": "W", "unit": "cm"},
    "height": {"column": "H", "unit": "cm"},
    "status": {"column": "Deleted", "words": {"1": "gone"}},
}


def mapping(fields=None, **words):
    kept = {"fields": {**FIELDS, **(fields or {})}, "country": "DE", **words}
    return Mapping.read(kept)


def shown(row=None, fields=None, *, with_issues=False, **words):
    ((_, record, notes, issues, *_),) = preview_rows(
        [{**ROW, **(row or {})}],
        mapping(fields, **words),
        1,
        content=FileContent.STOCK,
        currency="EUR",
        decimal=",",
    )
    return (record, notes, issues) if with_issues else (record, notes)


def test_row_is_converted():
    record, notes = shown(
        images=[{"column": "Pictures", "separator": "|"}], options={"Color": {"column": "Color"}}
    )

    assert (record.sku, record.parent, record.gtin) == ("HL-700-BLK", "HL-700", "5901234123457")
    assert record.cost == Money(Decimal("14.20"), "EUR")
    assert record.stock == (
        StockReport(sku="HL-700-BLK", location="main", country="DE", quantity=10),
    )
    assert record.weight_g == 500
    assert record.picture_urls == ("https://a.example/1.jpg", "https://a.example/2.jpg")
    assert record.category_path == ("Lights", "Headlamps")
    assert record.claims == {
        "Features": "broken",  # a word without a name
        "Light output": "700 lm",
        "Ratio": "16:9",
        "Dimensions": "62 × 40 × 40 mm",
    }
    assert record.options == {"Color": "Black"}
    assert notes == ("'>10' is stored as 10",)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"Price": "-1"}, ["cost-absurd"]),
        ({"Price": "0"}, ["cost-absurd"]),
        ({"Price": "NaN"}, ["cost-unreadable"]),
        ({"Price": "12.34"}, ["cost-unreadable"]),
        ({"Price": ""}, ["cost-missing"]),
        ({"Stock": "many"}, ["stock-unreadable"]),
        ({"Stock": "2,5"}, ["stock-unreadable"]),
        ({"Weight": "heavy"}, ["weight-unreadable"]),
        ({"L": "long"}, ["size-unreadable"]),
    ],
)
def test_bad_cell_is_a_problem_of_its_row(change, codes):
    record, _, issues = shown(change, with_issues=True)

    assert [problem.code for problem in record.problems] == codes
    assert [issue.message for found in issues.values() for issue in found] == [
        problem.message for problem in record.problems
    ]


def test_row_without_readable_sku_is_rejected():
    record, _ = shown({"SKU": "A\u200bB"})

    assert isinstance(record, ImportIssue)
    assert (record.row, record.code) == ("row 1", "list-no-id")
    assert "U+200B" in record.message


def test_two_currencies_in_a_row_are_no_price():
    record, _ = shown({"Price": "14,20 USD", "Cur": "EUR"}, {"currency": {"column": "Cur"}})

    assert [problem.code for problem in record.problems] == ["cost-two-currencies"]


TERMS = {name: {"column": name} for name in ("minimum", "pack", "lead_days", "map", "msrp")}


def test_terms_of_a_row_are_read():
    row = {"minimum": "2", "pack": "4", "lead_days": "0", "map": "29,90", "msrp": "€ 39,90"}
    record, _ = shown(row, TERMS)
    assert record.terms == SupplierTerms(
        min_order_units=2,
        pack_size=4,
        lead_days=0,
        map_price=Money(Decimal("29.90"), "EUR"),
        msrp=Money(Decimal("39.90"), "EUR"),
    )


def test_invalid_terms_are_left_out_of_the_row():
    record, _ = shown({"minimum": "1,5", "pack": "-3", "lead_days": "400", "map": "x"}, TERMS)
    assert record.terms == NO_SUPPLIER_TERMS
    assert {problem.code for problem in record.problems} == {
        "minimum-unreadable", "pack-unreadable", "lead-days-unreadable", "map-unreadable",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "restock_on", "codes"),
    [
        ("2026-12-12", date(2026, 12, 12), []),
        ("12.12.2026", date(2026, 12, 12), []),
        ("2026-12-12T23:00-0800", date(2026, 12, 12), []),  # the day where the supplier is
        ("", None, []),
        ("1970-01-01", None, []),
        ("9999-12-31", None, ["restock-unreadable"]),
        ("12/11/2026", None, ["restock-unreadable"]),
        ("on request", None, ["restock-unreadable"]),
    ],
)
def test_restock_date_is_read_or_reported(said, restock_on, codes):
    record, _ = shown({"Restock": said}, {"restock": {"column": "Restock"}})

    assert record.terms.restock_on == restock_on
    assert [problem.code for problem in record.problems] == codes
    assert not any(problem.is_fatal for problem in record.problems)


def test_deleted_row_has_no_stock():
    record, notes = shown({"Deleted": "1"})

    assert record.is_gone
    assert [level.quantity for level in record.stock] == [0]
    assert "Discontinued by the supplier" in notes


def test_each_warehouse_may_have_a_column():
    record, _ = shown(
        {"DE": "3", "PL": "yes"},
        warehouses=[
            {"source": {"column": "DE"}, "location": "DE1", "country": "DE"},
            {"source": {"column": "PL", "words": {"yes": "8"}}, "location": "PL1", "country": "PL"},
        ],
    )

    assert [(level.location, level.country, level.quantity) for level in record.stock] == [
        ("DE1", "DE", 3),
        ("PL1", "PL", 8),
    ]


@pytest.mark.parametrize(
    ("blank", "quantity", "codes"),
    [("unchanged", None, ["stock-blank"]), ("none", 0, ["stock-blank"]), ("zero", 0, [])],
)
def test_blank_stock_cell_follows_the_setting(blank, quantity, codes):
    record, _ = shown({"Stock": ""}, blank=blank)

    assert record.stock == (
        None
        if quantity is None
        else (StockReport(sku="HL-700-BLK", location="main", country="DE", quantity=quantity),)
    )
    assert [
        problem.code for problem in record.problems if problem.code.startswith("stock")
    ] == codes


def test_nested_values_are_read_by_jmespath():
    row = {"SKU": "A", "price": {"net": [{"cur": "EUR", "v": Decimal("9.50")}]}}
    found = Mapping.read(
        {
            "fields": {
                "sku": {"column": "SKU"},
                "cost": {"jmespath": "price.net[?cur=='EUR'].v | [0]"},
                "title": {"jmespath": "name.first.second"},
                "brand": {"constant": "Northbeam"},
            }
        }
    )

    ((_, record, *_),) = preview_rows([row], found, 1, currency="EUR", decimal=",")

    assert record.cost == Money(Decimal("9.50"), "EUR")  # a number needs no decimal separator
    assert (record.title, record.brand) == ("", "Northbeam")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"fields": {}}, "no column is mapped to the SKU"),
        ({"fields": {"sku": {"column": "a"}, "price": {"column": "b"}}}, "unknown field 'price'"),
        ({"fields": {"sku": {"column": "a", "constant": "b"}}}, "exactly one"),
        ({"fields": {"sku": {}}}, "exactly one"),
        ({"fields": {"sku": {"jmespath": "a["}}}, "the expression is invalid"),
        ({"fields": {"sku": {"xpath": "a["}}}, "the expression is invalid"),
        ({"fields": {"sku": {"column": "a"}}, "reading": {"format": "pdf"}}, "unknown format"),
        ({"fields": {"sku": {"column": "a"}}, "reading": {"delimiter": "||"}}, "one character"),
        ({"fields": {"sku": {"column": "a"}}, "blank": "maybe"}, "Invalid enum value"),
        ({"columns": {}}, "unknown field"),
    ],
)
def test_invalid_mapping_has_a_message(written, words):
    with pytest.raises(PermanentError, match=words):
        Mapping.read(written)


def test_mapping_round_trips():
    kept = mapping(images=[{"column": "Pictures", "separator": "|"}]).to_dict()

    assert Mapping.read(kept).to_dict() == kept
    assert kept["fields"]["sku"] == {"column": "SKU"}
    assert "blank" not in kept


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("REFERENCE", "sku"), ("Artikelnummer", "sku"), ("item_no", "sku"), ("g:id", "sku"),
        ("item_group_id", "parent"), ("EAN13", "gtin"), ("Barcode", "gtin"),
        ("Manufacturer part number", "mpn"), ("partNumber", "mpn"), ("PRODUCT NAME", "title"),
        ("HTML description", "description"), ("Vendor", "brand"), ("product_type", "category"),
        ("B2B price", "cost"), ("BASE PRICE", "cost"), ("Net price", "cost"), ("Qty", "stock"),
        ("is_have", "stock"), ("WEIGHT (kg)", "weight"), ("Weight_g", "weight"),
        ("FEATURES", "features"), ("Intrastat", "hs_code"), ("is_sale", "status"),
        ("Country of origin", "origin"), ("Depth", "length"),
        ("g:availability_date", "restock"), ("Restock Date", "restock"), ("ETA", "restock"),
        ("Back in stock", "restock"), ("Verfügbar ab", "restock"), ("Wieder lieferbar", "restock"),
        ("Nächster Wareneingang", "restock"),
    ],
)  # fmt: skip
def test_columns_are_suggested_by_alias(header, field):
    assert suggest_mapping([header]).fields[field].column == header


def test_a_model_column_groups_rows_only_if_it_repeats():
    rows = [{"SKU": str(number), "Model": name} for number, name in enumerate(("T2", "A1", "T2"))]

    assert suggest_mapping(["SKU", "Model"], rows).fields["parent"].column == "Model"
    alone = suggest_mapping(["SKU", "Model"], rows[:2]).fields
    assert ("parent" in alone, alone["mpn"].column) == (False, "Model")


def test_a_column_that_names_a_custom_attribute_is_suggested():
    custom = {"Dive depth (m)": "Dive depth", "Output (lm)": "Light"}

    claims = suggest_mapping(["SKU", "Dive depth (m)", "Output (lm)"], custom=custom).claims

    assert {label: source.column for label, source in claims.items()} == {
        "Light output": "Output (lm)",
        "Dive depth": "Dive depth (m)",
    }


def test_units_and_separators_are_suggested():
    row = {
        "SKU": "1",
        "IMAGES": "https://a.example/1.jpg;https://a.example/2.jpg",
        "CATEGORIES": "Lights|Headlamps",
        "FEATURES": "a:b|c:d",
    }
    others = ["WEIGHT (kg)", "Image 2", "Stock DE1", "Deleted", "Color"]

    found = suggest_mapping([*row, *others], [row])

    assert found.fields["weight"].unit == "kg"
    assert found.fields["category"].separator == "|"
    assert found.fields["features"].separator == "|"
    assert found.fields["status"].value_map["1"] == "gone"
    assert [(image.column, image.separator) for image in found.images] == [
        ("IMAGES", ";"),
        ("Image 2", ""),
    ]
    assert [(each.location, each.country) for each in found.warehouses] == [("DE1", "DE")]
    assert list(found.claims) == ["Weight", "Color"]  # without a parent, color is no option


@pytest.mark.parametrize(
    ("claims", "cell", "decimal", "fact"),
    [
        ({"Light output": {"column": "Output (lm)"}}, "1.200", ",", "Output, lm: 1200"),
        ({"Weight": {"column": "Weight"}}, "0,007 kg", ",", "Weight, g: 7"),
        ({"Weight": {"column": "Weight", "unit": "kg"}}, "1,25", ",", "Weight, g: 1250"),
        ({"Weight": {"column": "Weight kg"}}, Decimal("1.234"), ",", "Weight, g: 1234"),
        ({"Weight": {"column": "Weight kg"}}, Decimal("1.234"), ".", "Weight, g: 1234"),
        ({"Weight": {"column": "Weight kg"}}, Decimal("1.23"), ".", "Weight, g: 1230"),
        ({"Run time": {"column": "Runtime [h]"}}, "2,5", ",", "Longest runtime, minutes: 150"),
    ],
)
def test_preview_shows_the_parsed_value_and_unit(claims, cell, decimal, fact):
    ((_, source),) = claims.items()
    row = {"SKU": "A", "Name": "Trail headlamp", source["column"]: cell}
    found = Mapping.read(
        {"fields": {"sku": {"column": "SKU"}, "title": {"column": "Name"}}, "claims": claims}
    )

    (preview,) = preview_rows([row], found, 1, currency="EUR", decimal=decimal)

    assert [f"{each.name}: {each.value}" for each in preview.facts] == [fact]


@pytest.mark.parametrize(
    ("change", "cell", "message"),
    [
        ({"EAN": "123"}, "more", "The GTIN '123' has 3 digits, not 8, 12, 13 or 14; not stored."),
        ({"EAN": "5901234123450"}, "more", "but its check digit must be 7"),
        ({"Flux": "990000"}, "more", "not published. (Light output: 990000 lumens)"),
        ({"Flux": "40000"}, "more", "40,000 lm; more than 30,000 is unusual"),
        ({"Throw": "5000"}, "more", "not published. (Beam distance: 5000 m)"),
        ({"Runtime": "115"}, "more", "Run time: '115' has no unit that we know; left empty."),
        ({"Weight": "500"}, "more", "The packed weight is 500,000 g"),
        ({"Price": "14,20 USD"}, "cost", "The price is in USD, not in EUR."),
        ({"Price": "2000000"}, "cost", "2000000 is not a valid price."),
        ({"Name": "Trail 700", "Path": ""}, "title", "names a product family"),
        ({"Name": "", "Path": ""}, "title", "The product has no title."),
    ],
)
def test_preview_shows_stored_values_and_issues_by_cell(change, cell, message):
    claims = {
        "Light output": {"column": "Flux", "unit": "lumens"},
        "Beam distance": {"column": "Throw", "unit": "m"},
        "Run time": {"column": "Runtime"},
    }
    fields = {"parent": {"column": "none"}}
    good = {"Name": "Trail 700 headlamp", "Flux": "700", "Throw": "120", "Runtime": "2 h"}

    def preview(row):
        rows = [{**ROW, **good, **row}]
        found = mapping(fields, claims=claims)
        return preview_rows(rows, found, 1, currency="EUR", decimal=",")[0]

    right, wrong = preview({}), preview(change)

    assert (right.issues, right.gtin, right.weight_g) == ({}, "05901234123457", 500)
    assert str(right.cost) == "14.20 EUR"
    assert {"Output, lm: 700", "Longest runtime, minutes: 120", "Beam distance, m: 120"} <= {
        f"{fact.name}: {fact.value}" for fact in right.facts
    }
    assert list(wrong.issues) == [cell]
    assert message in wrong.issues[cell][0].message
    assert wrong.is_refused is (cell == "title")
    assert wrong.cost is None if cell == "cost" else wrong.cost == right.cost


def test_unread_columns_are_listed():
    columns = mapping(claims={"Light output": {"column": "Flux"}})

    assert unread_columns([*ROW, "Flux", "Lux"], columns) == ["Pictures", "Color", "Lux"]
    assert unread_columns(["Lux"], mapping({"title": {"jmespath": "a.b"}})) == []
