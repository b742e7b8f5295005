from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalog.attributes.numbers import UnreadableError
from storefront.lib.money import Money
from suppliers.connectors.feed.rows import cells, numbers


@pytest.mark.parametrize(
    ("text", "mark", "amount", "currency"),
    [
        ("€ 12,30", ",", "12.30", "EUR"),
        ("12,30€", ",", "12.30", "EUR"),
        ("15.00 USD", ".", "15.00", "USD"),
        ("EUR 1.234,50", ",", "1234.50", "EUR"),
        ("$15", ".", "15", "USD"),
        ("£9.99", ".", "9.99", "GBP"),
        ("12.5", ".", "12.5", "PLN"),
        ("-1", ".", "-1", "PLN"),
        ("12,30 zł", ",", "12.30", "PLN"),
        ("1.234.567", ".", "1234567", "PLN"),
        ("1 234,50", ",", "1234.50", "PLN"),
        (".5", ".", "0.5", "PLN"),
        ("1E+2", ".", "100", "PLN"),
    ],
)
def test_price_has_its_own_or_the_suppliers_currency(text, mark, amount, currency):
    assert numbers.money(text, mark=mark, currency="PLN") == Money(Decimal(amount), currency)


def test_dollar_sign_is_the_suppliers_dollar():
    assert numbers.money("$15", mark=".", currency="CAD").currency == "CAD"


@pytest.mark.parametrize(
    "text",
    [
        *("on request", "€ 12 USD", "12 Galleons", "", "EUR", "10 - 12", "12,34", "1,23,4"),
        *("NaN", "Infinity", "1e999", "0x10", "9" * 70, "=1+1"),
    ],
)
def test_invalid_price_is_rejected(text):
    with pytest.raises(UnreadableError):
        numbers.money(text, mark=".", currency="EUR")


@pytest.mark.parametrize(
    ("text", "unit", "grams"),
    [
        ("120", "", 120),
        ("0.75", "kg", 750),
        ("0.75 kg", "g", 750),
        ("150克", "g", 150),
        ("4 oz", "", 113),
        ("1", "lb", 454),
        ("1,200 g", "", 1200),
    ],
)
def test_weight_is_converted_to_grams(text, unit, grams):
    assert numbers.grams(text, mark=".", unit=unit) == grams


@pytest.mark.parametrize(
    ("text", "unit", "millimeters"),
    [("62", "mm", 62), ("6.2", "cm", 62), ('2"', "", 51), ("1 in", "", 25)],
)
def test_length_is_converted_to_millimeters(text, unit, millimeters):
    assert numbers.millimeters(text, mark=".", unit=unit) == millimeters


@pytest.mark.parametrize("text", ["heavy", "-3", "12 stone", "1e30"])
def test_invalid_measure_is_rejected(text):
    with pytest.raises(UnreadableError):
        numbers.grams(text, mark=".", unit="g")


@pytest.mark.parametrize(
    ("text", "units", "has_note"),
    [
        ("12", 12, False),
        ("12.0", 12, False),
        ("0", 0, False),
        ("-5", -5, False),
        (">10", 10, True),
        ("> 10", 10, True),
        ("10+", 10, True),
        ("more than 50", 50, True),
        ("<5", 0, True),
        ("in stock", 1, True),
        ("In_Stock", 1, True),
        ("yes", 1, True),
        ("1", 1, False),
        ("out of stock", 0, True),
        ("sold-out", 0, True),
        ("no", 0, True),
        ("plenty", 40, False),
    ],
)
def test_interpreted_stock_has_a_note(text, units, has_note):
    found, note = numbers.units(text, mark=".", value_map={"plenty": "40"})

    assert (found, bool(note)) == (units, has_note)


@pytest.mark.parametrize("text", ["many", "2.5", "null", "1e999", "", "=SUM(A1)", "NaN"])
def test_invalid_stock_is_rejected(text):
    with pytest.raises(UnreadableError):
        numbers.units(text, mark=".", value_map={})


@pytest.mark.parametrize(
    ("text", "words", "gone"),
    [
        ("discontinued", {}, True),
        ("active", {}, False),
        ("1", {"1": "gone"}, True),
        ("0", {"1": "gone"}, False),
        ("EOL", {}, True),
        ("on the way", {}, False),
        ("discontinued", {"discontinued": "sold"}, False),
    ],
)
def test_only_known_words_mean_discontinued(text, words, gone):
    assert numbers.is_gone(text, value_map=words) is gone


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24 12:00:00+02:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("24.11.2026 10:05", datetime(2026, 11, 24, 10, 5, tzinfo=UTC)),
    ],
)
def test_time_without_zone_is_utc(text, moment):
    assert numbers.parse_time(text) == moment


@pytest.mark.parametrize("text", ["11/24/2026", "yesterday", "31.02.2026", "9" * 80])
def test_ambiguous_time_is_rejected(text):
    with pytest.raises(UnreadableError):
        numbers.parse_time(text)


@pytest.mark.parametrize(
    ("text", "sku"),
    [
        (" 00123 ", "00123"),
        ("Cafe\u0301-1", "Café-1"),
        ("../../etc/passwd", "../../etc/passwd"),  # a name: never used as a path
        ("A B/7.5", "A B/7.5"),
    ],
)
def test_sku_is_composed_and_keeps_zeros(text, sku):
    assert cells.normalized(text) == sku


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "A\u200bB",
        "A\u202eB",
        "LAMP🔦",
        "x" * 4096,
        "A\0B",
        "A  B",
        "A\u00a0 B",
        "A\ufffdB",
        "A\u0336",
    ],
)
def test_sku_with_hidden_characters_is_rejected(text):
    with pytest.raises(UnreadableError):
        cells.normalized(text)
