"""Invoice numbers: allocate consecutive numbers without a gap, format them by country."""

from dataclasses import dataclass

from django.db import connection

from orders.models import InvoiceKind
from storefront.identity.current import Identity
from storefront.lib.db.transactions import requires_transaction

# EU countries, the United Kingdom and Azerbaijan require unique, consecutive numbers and leave the
# form to the seller; the United States require nothing.
DEFAULT_FORMAT = "{prefix}-{year}-{sequence:05d}"
# Türkiye: three characters, the year and nine digits (e-Arşiv).
FORMATS = {"TR": "{prefix}{year}{sequence:09d}"}

# The row stays locked until the caller's transaction ends, so that a rollback leaves no gap.
_ALLOCATE = """
INSERT INTO orders_invoiceseries AS series (prefix, year, last_number)
VALUES (%(prefix)s, %(year)s, 1)
ON CONFLICT (prefix, year) DO UPDATE SET last_number = series.last_number + 1
RETURNING id, last_number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceNumber:
    """A number and its place in a series."""

    series_id: int
    sequence: int
    text: str


@requires_transaction
def allocate(kind: InvoiceKind, *, seller: Identity, year: int) -> InvoiceNumber:
    """Return the next number of a prefix and a year, in the form of the seller's country.

    The series goes on if the company moves to another country: a number is never given twice.

    Locks:  the series, until the transaction ends; take it after all other locks
    """
    prefix = seller.invoice_prefix if kind == InvoiceKind.INVOICE else seller.credit_note_prefix
    values: dict[str, str | int] = {"prefix": prefix, "year": year}
    with connection.cursor() as cursor:
        cursor.execute(_ALLOCATE, values)
        series_id, sequence = cursor.fetchone()
    pattern = FORMATS.get(seller.country, DEFAULT_FORMAT)
    return InvoiceNumber(
        series_id=series_id,
        sequence=sequence,
        text=pattern.format(prefix=prefix, year=year, sequence=sequence),
    )
