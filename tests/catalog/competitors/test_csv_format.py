from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalog.competitors.csv_format import RejectedLine, UnreadableFileError, parse
from catalog.competitors.labels import message
from tests.factories.competitors import make_price_line

HEAD = "Shop,SKU,EAN,Brand,MPN,Price,Currency,Tax,Link,Seen,Confidence\n"


def only(row, head=HEAD):
    (found,) = parse(head + row)
    return found


def test_a_line_is_parsed():
    found = only(
        "Lamps  Example,HL-1,4006381333931,Fara,H1,19.99,eur,excl,"
        "https://lamps.example/h1,2026-11-23,0.9\n"
    )

    assert found == make_price_line(
        number=2, competitor="lamps example", as_of=datetime(2026, 11, 23, tzinfo=UTC)
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheet_delimiters_are_parsed(delimiter):
    text = delimiter.join(["competitor", "sku", "price", "currency"])
    text += "\r\n" + delimiter.join(["a.example", "HL-1", '"19,99"', "EUR"]) + "\r\n\r\n"

    (found,) = parse("\ufeff" + text)

    assert (found.amount, found.has_tax, found.as_of) == (Decimal("19.99"), True, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",HL-1,,,,1,EUR", "The competitor is missing"),
        ("a,,,Fara,,1,EUR", "product is missing"),
        ("a,,4006381333932,,,1,EUR", "check digit"),
        ("a,HL-1,,,,1.234,EUR", "is not a valid price"),
        ('a,HL-1,,,,"1.234,50",EUR', "is not a valid price"),
        ("a,HL-1,,,,-5,EUR", "is not a valid price"),
        ("a,HL-1,,,,NaN,EUR", "is not a valid price"),
        ("a,HL-1,,,,0.00,EUR", "price must be above 0"),
        ("a,HL-1,,,,5,EURO", "not a valid currency"),
        ("a,HL-1,,,,5,EUR,perhaps", "tax"),
        ("a,HL-1,,,,5,EUR,,javascript:alert(1)", "not a valid URL"),
        ("a,HL-1,,,,5,EUR,,,24.11.2026", "not a valid date"),
        ("a,HL-1,,,,5,EUR,,,,2", "not a valid confidence"),
        ("a,HL-1,,,,5,EUR,,,,nan", "not a valid confidence"),
    ],
)
def test_an_invalid_line_is_rejected_with_a_reason_and_the_next_is_parsed(row, reason):
    bad, good = parse(f"{HEAD}{row}\nb.example,HL-2,,,,5,USD\n")

    assert isinstance(bad, RejectedLine)
    assert (bad.number, reason in message(bad.code, bad.values)) == (2, True), bad
    assert (good.number, good.sku) == (3, "HL-2")


@pytest.mark.parametrize("text", ["", "hello", "competitor,price,currency\n", "sku,price\n"])
def test_missing_columns_reject_the_file(text):
    with pytest.raises(UnreadableFileError) as raised:
        list(parse(text))
    assert "Missing columns" in message(raised.value.code, raised.value.values)
