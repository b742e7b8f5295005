"""DATEV file: write bookings as a "Buchungsstapel" of the DATEV format (EXTF 700, version 13).

Its header, column names and letters are those of the format: Windows-1252, semicolons, decimal
commas. Fields that only DATEV's own programs fill stay empty.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from orders.bookkeeping.bookings import Booking, Kind, Month, Part
from orders.models import BookingAccounts
from storefront.lib.staff.csv_export import escape_formula

ENCODING = "cp1252"
MAX_TEXT, MAX_DOCUMENT, MAX_ORDER = 60, 36, 30
COLUMNS = (
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs"),
    *("Basis-Umsatz", "WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)"),
    *("BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto", "Buchungstext"),
    *("Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt"),
    *("Zinssperre", "Beleglink"),
    *(f"Beleginfo - {what} {number}" for number in range(1, 9) for what in ("Art", "Inhalt")),
    *("KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge"),
    *("EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart"),
    *("Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp"),
    *("BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung"),
    *(
        f"Zusatzinformation - {what} {number}"
        for number in range(1, 21)
        for what in ("Art", "Inhalt")
    ),
    *("Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr"),
    *("Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer", "Buchungstyp"),
    *("USt-Schlüssel (Anzahlungen)", "EU-Mitgliedstaat (Anzahlungen)"),
    *("Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)"),
    *("Herkunft-Kz", "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre"),
    *("Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer"),
    *("Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung"),
    *("Festschreibung", "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit"),
    *("Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position"),
    *("EU-Mitgliedstaat u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto"),
)
# Letters that have no decomposition into a letter of the encoding and an accent.
_LETTERS = str.maketrans({"ə": "e", "Ə": "E", "ı": "i", "İ": "I", "ł": "l", "Ł": "L"})
_NOT_IN_DOCUMENT = re.compile(r"[^A-Za-z0-9$%&*+\-/]+")
_NOT_FIRST = "+-*&%$/"  # a spreadsheet would evaluate some of them


def lines(
    bookings: Iterable[Booking],
    books: BookingAccounts,
    *,
    month: Month,
    created_at: datetime,
    language: str,
) -> Iterator[bytes]:
    """Yield the header, the column names, and one line for each booking.

    ``language`` is that of the booking texts: a response is streamed after its request ended.
    """
    yield _line(_header(books, month, created_at))
    yield _line(_text(name) for name in COLUMNS)
    for booking in bookings:
        with translation.override(language):
            cells = _cells(booking)
        yield _line(cells.get(name, "") for name in COLUMNS)


def file_name(month: Month) -> str:
    """Return the name by which DATEV recognizes the file."""
    return f"EXTF_Buchungsstapel_{month}.csv"


def _line(cells: Iterable[str]) -> bytes:
    return (";".join(cells) + "\r\n").encode(ENCODING, errors="replace")


def _header(books: BookingAccounts, month: Month, created_at: datetime) -> list[str]:
    """Return the 31 fields of the header. Bookings are not yet final: the bookkeeper posts them."""
    first, last = month.start, month.end - timedelta(days=1)
    year = month.year if month.month >= books.year_starts_in else month.year - 1
    return [
        *('"EXTF"', "700", "21", '"Buchungsstapel"', "13"),
        *(f"{created_at:%Y%m%d%H%M%S}{created_at.microsecond // 1000:03d}", ""),
        *('""', '"Fara"', '""'),
        *(str(number or "") for number in (books.consultant, books.client)),
        *(f"{date(year, books.year_starts_in, 1):%Y%m%d}", str(len(books.revenue))),
        *(f"{first:%Y%m%d}", f"{last:%Y%m%d}", _text(str(month)), '""'),
        *("1", "0", "0", _text(books.currency)),
        *("", '""', "", "", '""', "", "", '""', '""'),
    ]


def _cells(booking: Booking) -> dict[str, str]:
    """Return the filled cells of a booking, by column. The amount is always positive."""
    cells = {
        "Umsatz (ohne Soll/Haben-Kz)": _number(abs(booking.amount)),
        "Soll/Haben-Kennzeichen": '"S"' if booking.amount > 0 else '"H"',
        "WKZ Umsatz": _text(booking.currency),
        "Konto": booking.account,
        "Gegenkonto (ohne BU-Schlüssel)": booking.contra,
        "Belegdatum": f"{booking.day:%d%m}",
        "Belegfeld 1": _text(_document(booking.document)),
        "Buchungstext": _text(_plain(_booking_text(booking))[:MAX_TEXT]),
        "Auftragsnummer": _text(_plain(booking.order)[:MAX_ORDER]),
    }
    # Notes: they do not change how DATEV taxes the booking.
    notes = [("Land", booking.country)] if booking.country else []
    if booking.rate is not None:
        notes.append(("Steuersatz", _percent(booking.rate)))
    for number, (name, value) in enumerate(notes, start=1):
        cells[f"Zusatzinformation - Art {number}"] = _text(name)
        cells[f"Zusatzinformation - Inhalt {number}"] = _text(value)
    return cells


def _booking_text(booking: Booking) -> str:
    """Return what a booking is, in the active language."""
    rate = _percent(booking.rate) if booking.rate is not None else ""
    about = booking.about
    texts = {
        (Kind.INVOICE, Part.NET): _("Invoice, net at %(rate)s %%") % {"rate": rate},
        (Kind.INVOICE, Part.TAX): _("Invoice, tax %(rate)s %%") % {"rate": rate},
        (Kind.CREDIT_NOTE, Part.NET): _("Credit note for %(number)s, net at %(rate)s %%")
        % {"number": about, "rate": rate},
        (Kind.CREDIT_NOTE, Part.TAX): _("Credit note for %(number)s, tax %(rate)s %%")
        % {"number": about, "rate": rate},
        (Kind.PAYMENT, Part.WHOLE): _("Payment %(reference)s") % {"reference": about},
        (Kind.REFUND, Part.WHOLE): _("Refund %(reference)s") % {"reference": about},
        (Kind.FAILED_REFUND, Part.WHOLE): _("Failed refund %(reference)s") % {"reference": about},
        (Kind.CHARGEBACK, Part.WHOLE): _("Lost chargeback %(reference)s") % {"reference": about},
        (Kind.BILL, Part.GOODS): _("%(supplier)s, items") % {"supplier": about},
        (Kind.BILL, Part.FREIGHT): _("%(supplier)s, freight") % {"supplier": about},
        (Kind.WITHDRAWN_BILL, Part.GOODS): _("%(supplier)s, withdrawn, items")
        % {"supplier": about},
        (Kind.WITHDRAWN_BILL, Part.FREIGHT): _("%(supplier)s, withdrawn, freight")
        % {"supplier": about},
        (Kind.CLAIM_CREDIT, Part.WHOLE): _("%(supplier)s, credit for claim") % {"supplier": about},
        (Kind.RETURN_CREDIT, Part.WHOLE): _("%(supplier)s, credit for return")
        % {"supplier": about},
        (Kind.BILL_PAYMENT, Part.WHOLE): _("Payment %(reference)s") % {"reference": about},
        (Kind.VOIDED_BILL_PAYMENT, Part.WHOLE): _("Voided payment %(reference)s")
        % {"reference": about},
    }
    return texts[booking.kind, booking.part]


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _number(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def _percent(rate: Decimal) -> str:
    return f"{(100 * rate).normalize():f}".replace(".", ",")


def _plain(text: str) -> str:
    """Return a text in letters of the encoding, which no spreadsheet evaluates."""
    letters = escape_formula(text).translate(_LETTERS)
    return "".join(
        letter if _is_encodable(letter) else _without_accents(letter) for letter in letters
    )


def _is_encodable(letter: str) -> bool:
    try:
        letter.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def _without_accents(letter: str) -> str:
    """Return ``ş`` as ``s``; a letter of another script as ``?``."""
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if _is_encodable(base) else "?"


def _document(number: str) -> str:
    """Return a document number in the characters that the format accepts."""
    return _NOT_IN_DOCUMENT.sub("-", number).lstrip(_NOT_FIRST)[:MAX_DOCUMENT]
