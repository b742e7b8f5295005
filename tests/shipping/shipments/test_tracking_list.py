import pytest

from shipping.shipments import tracking_list
from shipping.shipments.tracking_list import ListedRow
from storefront.lib.staff import csv_import, csv_table
from storefront.lib.staff.csv_table import CsvError


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_parsed(delimiter):
    text = "Order number,Carrier,Tracking_Number\nFL-1,DHL,JJD1\n\nFL-2,GLS,G-2\n"

    rows = tracking_list.parse(text.replace(",", delimiter))

    assert rows == [
        ListedRow(row_number=2, order="FL-1", carrier="DHL", number="JJD1"),
        ListedRow(row_number=4, order="FL-2", carrier="GLS", number="G-2"),
    ]


def test_quotes_blanks_and_short_rows_are_parsed():
    text = '\ntracking,po,courier,qty,sku\n" JJD1 ",FL-1,"DHL, Paket",2,HL\n\'00123,FL-2\n'

    first, second = tracking_list.parse(text)

    assert (first.carrier, first.quantity, first.sku) == ("DHL, Paket", "2", "HL")
    assert (second.number, second.order, second.carrier) == ("00123", "FL-2", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("order,carrier\nFL-1,DHL\n", "Missing columns: tracking number."),
        ("", "Missing columns: order, carrier, tracking number."),
        ("order,carrier,number\n,,\n", "The file has no rows below the header."),
        ("order,carrier,number\n" + "a,b,c\n" * 5_001, "more than 5000 rows"),
        ("order,carrier,number\nFL-1,DHL, Paket,JJD1\n", "Row 2 has more cells"),
        ("x" * 500_001, "larger than 500 kB"),
        ("order,carrier,number\n" + "y" * 200_000, "not a CSV table"),
    ],
)
def test_a_file_that_is_no_list_is_explained(text, words):
    with pytest.raises(CsvError) as refused:
        tracking_list.parse(text)

    assert words in csv_import.error_message(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_usual_encodings_are_decoded(encoding):
    assert csv_table.decode("Österreichische Post".encode(encoding)) == "Österreichische Post"
