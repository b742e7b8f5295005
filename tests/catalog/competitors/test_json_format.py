import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from catalog.competitors.csv_format import RejectedLine, UnreadableFileError
from catalog.competitors.formats import detect_format
from catalog.competitors.json_format import parse
from catalog.competitors.labels import message
from catalog.enums import ListFormat
from tests.factories.competitors import make_price_line

ROW = {
    "competitor": "lamps.example",
    "sku": "HL-1",
    "price": "19.99",
    "currency": "EUR",
    "seen_at": "2026-11-24T09:00:00+01:00",
}


parse_strict = partial(parse, is_strict=True)


def only(row, reader=parse_strict):
    (found,) = reader(json.dumps({"prices": [row]}))
    return found


def test_a_row_is_parsed():
    more = {
        "gtin": "4006381333931",
        "brand": "Fara",
        "mpn": "H1",
        "has_tax": False,
        "url": "https://lamps.example/h1",
        "confidence": "0.9",
    }

    assert only({**ROW, **more}) == make_price_line(
        number=1, as_of=datetime(2026, 11, 24, 8, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"seenat": "2026-11-24"}, "The field 'seenat' does not exist"),
        ({"\ud800": "1"}, "does not exist"),
        ({"price": 19.99}, "price must be text"),
        ({"price": "NaN"}, "is not a valid price"),
        ({"sku": None}, "sku must be text"),
        ({"sku": "HL-\ud800"}, "sku is not text"),
        ({"confidence": 0.9}, "confidence must be text"),
        ({"confidence": True}, "confidence must be text"),
        ({"confidence": "1e400"}, "is not a valid confidence"),
        ({"has_tax": "yes"}, "has_tax must be true or false"),
        ({"seen_at": "2026-11-24"}, "seen_at must have the format"),
        ({"seen_at": "2026-11-24T09:00:00"}, "seen_at must have the format"),
        ({"seen_at": "2026-13-24T09:00:00Z"}, "is not a valid date"),
        ({"confidence": ""}, "confidence is empty"),
        ({"currency": "eur"}, "three capital letters"),
        ({"currency": "EUR "}, "three capital letters"),
        ({"price": "19,99"}, "without a comma"),
        ({"competitor": "a" * 81}, "longer than 80"),
    ],
)
def test_an_invalid_row_is_rejected_with_a_reason_and_the_next_is_parsed(more, reason):
    content = json.dumps([{**ROW, **more}, ROW])

    bad, good = parse_strict(content)

    assert isinstance(bad, RejectedLine)
    assert (bad.number, reason in message(bad.code, bad.values)) == (1, True), bad
    message(bad.code, bad.values).encode()
    assert (good.number, good.sku) == (2, "HL-1")


@pytest.mark.parametrize("field", ["competitor", "price", "currency", "seen_at"])
def test_a_row_without_a_required_field_is_rejected(field):
    row = {name: value for name, value in ROW.items() if name != field}

    assert only(row) == RejectedLine(1, "missing", {"name": field})


@pytest.mark.parametrize("row", [None, 5, "text", [ROW]])
def test_a_row_that_is_no_object_is_rejected(row):
    assert only(row) == only(row, parse) == RejectedLine(1, "no_object")


def test_an_external_list_may_use_its_own_spelling():
    row = {"Shop": "A", "EAN": 4006381333931, "amount": 12.30, "currency": "eur", "stock": {}}

    found = only(row, parse)

    assert (found.competitor, found.gtin, found.amount) == ("a", "04006381333931", Decimal("12.30"))
    assert (found.as_of, found.has_tax, found.confidence) == (None, True, Decimal(1))


@pytest.mark.parametrize("is_reversed", [False, True])
def test_if_a_field_has_two_spellings_the_preferred_one_counts_in_any_order(is_reversed):
    row = {"amount": "12.00", "price": "10.00", "shop": "b", "competitor": "a", "sku": "x"}
    pairs = [*row.items(), ("currency", "EUR")]

    found = only(dict(pairs[::-1] if is_reversed else pairs), parse)

    assert (found.competitor, found.amount) == ("a", Decimal(10))


def test_no_external_price_is_rounded():
    content = '[{"shop": "a", "sku": "x", "price": 12345678.10, "currency": "EUR"}]'

    (found,) = parse(content)

    assert str(found.amount) == "12345678.10"


def test_one_absurd_number_does_not_reject_the_list():
    rows = '[{"shop":"a","sku":"x","price":1e999999999999999999,"currency":"EUR"},'
    rows += f'{{"shop":"a","sku":"y","price":{"9" * 5000},"currency":"EUR"}},'
    rows += '{"shop":"a","sku":"z","price":5,"currency":"EUR"}]'

    huge, long, good = parse(rows)

    assert [each.code == "no_price" for each in (huge, long)] == [True, True]
    assert good.amount == Decimal(5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not valid JSON"),
        ('[{"shop": "a"', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"rows": []}', "must be a list"),
        ("5", "must be a list"),
        (json.dumps([0] * 50_001), "more than 50000"),
    ],
)
def test_a_text_that_is_not_a_list_is_rejected_as_a_whole(text, reason):
    with pytest.raises(UnreadableFileError) as raised:
        list(parse(text))

    assert reason in message(raised.value.code, raised.value.values)


@pytest.mark.parametrize(
    ("text", "list_format"),
    [
        ("\ufeff [{}]", ListFormat.JSON),
        ('\n{"prices": []}', ListFormat.JSON),
        ("competitor,price\n", ListFormat.CSV),
        ("", ListFormat.CSV),
    ],
)
def test_the_format_is_detected_by_the_first_character(text, list_format):
    assert detect_format(text) is list_format
