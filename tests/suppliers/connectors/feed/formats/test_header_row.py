import pytest

from suppliers.connectors.feed.formats import header_row

TITLE = ["Price list 2026", "", "", "", ""]
OURS = ["SKU", "Title", "Brand", "Price", "Stock"]
THEIRS = ["Art.", "Benennung", "Gruppe", "Typ", "EKP"]
GOODS = ["A-1", "Stirnlampe", "Battery", "LED", "12,50"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([OURS, GOODS], 1),
        ([THEIRS, GOODS], 1),
        ([TITLE, TITLE, OURS, GOODS], 3),
        ([TITLE, ["SKU", "Stock", "1", "10"], GOODS], 2),  # prices from 1 and from 10 units
        ([TITLE], 1),
        ([], 1),
    ],
)
def test_header_row_is_found(rows, found):
    assert header_row.find(enumerate(rows, start=1)) == found
