import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from orders.bookkeeping import datev
from orders.bookkeeping.bookings import Booking, Kind, Month, Part
from orders.models import BookingAccounts

NOVEMBER = Month(year=2026, month=11)
NOON = datetime(2026, 12, 1, 12, 0, 0, 7000, tzinfo=UTC)
NET = Booking(
    kind=Kind.INVOICE,
    part=Part.NET,
    day=date(2026, 11, 24),
    account="10000",
    contra="8200",
    amount=Decimal("1037.7"),
    currency="EUR",
    document="INV-2026-00001",
    order="FL-1",
    country="DE",
    rate=Decimal("0.0770"),
)


def lines(*bookings, language="en", **accounts):
    books = BookingAccounts(**accounts)
    found = datev.lines(bookings, books, month=NOVEMBER, created_at=NOON, language=language)
    return [line.decode("cp1252") for line in found]


def row(booking, **options):
    _header, names, line = csv.reader(lines(booking, **options), delimiter=";")
    return dict(zip(names, line, strict=True))


def test_the_header_names_the_format_and_the_period():
    header = lines(consultant=1001, client=77, year_starts_in=12)[0].strip().split(";")

    assert len(header) == 31
    assert header[:6] == ['"EXTF"', "700", "21", '"Buchungsstapel"', "13", "20261201120000007"]
    assert header[10:17] == ["1001", "77", "20251201", "4", "20261101", "20261130", '"2026-11"']
    assert header[21] == '"EUR"'
    assert lines()[0].split(";")[10:13] == ["", "", "20260101"]


def test_each_booking_has_all_columns_in_their_order():
    head = lines()[1].strip().split(";")

    assert len(head) == len(set(head)) == 125
    places = {1: "Umsatz (ohne Soll/Haben-Kz)", 7: "Konto", 11: "Belegfeld 1", 14: "Buchungstext"}
    places |= {40: "EU-Land u. UStID (Bestimmung)", 95: "Auftragsnummer", 114: "Festschreibung"}
    for number, name in places.items():
        assert head[number - 1] == f'"{name}"'


def test_a_booking_is_written_in_the_form_of_the_file():
    written = {name: cell for name, cell in row(NET).items() if cell}

    assert written == {
        "Umsatz (ohne Soll/Haben-Kz)": "1037,70",
        "Soll/Haben-Kennzeichen": "S",
        "WKZ Umsatz": "EUR",
        "Konto": "10000",
        "Gegenkonto (ohne BU-Schlüssel)": "8200",
        "Belegdatum": "2411",
        "Belegfeld 1": "INV-2026-00001",
        "Buchungstext": "Invoice, net at 7,7 %",
        "Auftragsnummer": "FL-1",
        "Zusatzinformation - Art 1": "Land",
        "Zusatzinformation - Inhalt 1": "DE",
        "Zusatzinformation - Art 2": "Steuersatz",
        "Zusatzinformation - Inhalt 2": "7,7",
    }
    credited = row(replace(NET, kind=Kind.CREDIT_NOTE, about="INV-7", amount=Decimal(-10)))
    assert credited["Umsatz (ohne Soll/Haben-Kz)"] == "10,00"
    assert credited["Soll/Haben-Kennzeichen"] == "H"
    assert credited["Buchungstext"] == "Credit note for INV-7, net at 7,7 %"


def test_every_kind_of_booking_has_a_text():
    parts = {
        Kind.INVOICE: (Part.NET, Part.TAX),
        Kind.CREDIT_NOTE: (Part.NET, Part.TAX),
        Kind.BILL: (Part.GOODS, Part.FREIGHT),
        Kind.WITHDRAWN_BILL: (Part.GOODS, Part.FREIGHT),
    }
    for kind in Kind:
        for part in parts.get(kind, (Part.WHOLE,)):
            booking = replace(NET, kind=kind, part=part, about="REF-7")
            assert row(booking)["Buchungstext"], (kind, part)


def test_a_month_without_bookings_has_the_header_and_the_names():
    assert len(lines()) == 2


BILL = replace(NET, kind=Kind.BILL, part=Part.GOODS, about="Lumen", country="", rate=None)


@pytest.mark.parametrize(
    ("supplier", "text"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1), items"),
        ('Lumen "Light"; Ltd\r\nEvil', 'Lumen "Light"; Ltd Evil, items'),
        ("Şəhər İşıq", "Seher Isiq, items"),
        ("Müller € 光", "Müller € ?, items"),
        ("L" * 70, "L" * 60),
    ],
)
def test_texts_are_escaped_and_in_the_letters_of_the_file(supplier, text):
    assert row(replace(BILL, about=supplier))["Buchungstext"] == text


@pytest.mark.parametrize(
    ("number", "document"),
    [("=1+1", "1+1"), ("RE 2026/7", "RE-2026/7"), ("@SUM(A1)", "SUM-A1-"), ("№ 12", "12")],
)
def test_document_numbers_have_only_allowed_characters(number, document):
    assert row(replace(BILL, document=number))["Belegfeld 1"] == document


def test_texts_are_in_the_language_of_the_reader():
    assert row(BILL, language="az")["Buchungstext"] != row(BILL)["Buchungstext"]
