"""Portal tracking file: write the open orders as CSV, read it back with tracking numbers, import."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils.translation import gettext as _

from orders.models import PurchaseOrder
from shipping.shipments import contents, tracking_import, tracking_list
from shipping.shipments.tracking_import import ListedParcel
from storefront.lib.http.errors import PermanentError
from storefront.lib.staff.csv_import import error_message
from storefront.lib.staff.csv_table import MAX_ROWS, CsvError, decode
from storefront.supplier_portal import order_list
from suppliers.connectors.feed.formats import xlsx
from suppliers.models import Supplier

MAX_BYTES = 2_000_000
MAX_PARCELS = 300  # of one file: each is saved on its own
MAX_EXPORTED = 2_000  # orders of a download
XLSX = b"PK\x03\x04"
# Excel stores a long number in this notation; a tracking number of digits is one.
SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")
# The first five are read back (``tracking_list.ALIASES``).
COLUMNS = (
    *("order", "carrier", "tracking number", "sku", "quantity"),
    *("title", "carrier service", "name", "line1", "line2", "postcode", "city", "region"),
    *("country", "phone"),
)


class UnreadableFileError(ValueError):
    """The file is not a list of tracking numbers; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one parcel of a file, or of one order of several.

    ``kind`` is "good", "bad" or "": nothing changed. ``row_number`` is the first row of the parcel;
    0 if there is no file.
    """

    row_number: int = 0
    order: str
    number: str = ""
    kind: str
    text: str


def export_open_orders(supplier: Supplier) -> Iterator[Iterable[object]]:
    """Yield the headings, then what is still to be shipped, one row per item."""
    yield COLUMNS
    rows = order_list.known_orders(supplier).filter(order_list.OPEN, cancel_requested_at=None)
    for purchase_order in rows.select_related("order").order_by("pk")[:MAX_EXPORTED]:
        yield from _order_lines(purchase_order)


def _order_lines(purchase_order: PurchaseOrder) -> Iterator[Iterable[object]]:
    remaining = contents.remaining_units(purchase_order)
    to = purchase_order.goes_to
    address = [
        to.get(part, "")
        for part in ("name", "line1", "line2", "postcode", "city", "region", "country", "phone")
    ]
    lines = purchase_order.lines.filter(is_active=True).select_related(
        "order_line", "offer__variant__product"
    )
    for line in lines.order_by("pk"):
        if units := remaining[line.order_line_id]:
            item = (line.offer.supplier_sku, units, line.title, purchase_order.carrier_service)
            yield (purchase_order.number, "", "", *item, *address)


def import_file(*, supplier: Supplier, content: bytes, now: datetime) -> list[Outcome]:
    """Import the parcels of a file, each on its own. A repeated file changes nothing.

    Rows without a tracking number are skipped.

    Raises: UnreadableFileError
    """
    rows = [row for row in _parse(content) if row.number]
    if not rows:
        raise UnreadableFileError(_("No row has a tracking number."))
    # before the rows are validated, which takes queries for each parcel
    if len({(row.order.upper(), row.number.upper()) for row in rows}) > MAX_PARCELS:
        text = _("The file has more than %(most)d parcels. Split it and upload the parts.")
        raise UnreadableFileError(text % {"most": MAX_PARCELS})
    listed = tracking_import.validate(rows, supplier=supplier)
    failed = {parcel.rows for parcel in tracking_import.apply(listed, now=now)}
    return [_outcome(parcel, is_failed=parcel.rows in failed) for parcel in listed]


def _parse(content: bytes) -> list[tracking_list.ListedRow]:
    try:
        text = _xlsx_as_csv(content) if content.startswith(XLSX) else decode(content)
        return tracking_list.parse(text)
    except CsvError as error:
        raise UnreadableFileError(error_message(error)) from error
    except PermanentError as error:
        text = _("The spreadsheet cannot be read. Save it as CSV and upload that.")
        raise UnreadableFileError(text) from error


def _xlsx_as_csv(content: bytes) -> str:
    """Return the first sheet as CSV; a row keeps its number."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter="\t")
    with TemporaryDirectory() as folder:
        work = Path(folder)
        path = work / "upload.xlsx"
        path.write_bytes(content)
        (sheet, _part), *_others = xlsx.sheets(path)
        written = 0
        for number, cells in xlsx.first_rows(path, sheet=sheet, work=work):
            if number > MAX_ROWS:
                raise CsvError("too_many", MAX_ROWS)
            for _blank in range(written, number - 1):
                writer.writerow([])
            writer.writerow([_whole_number(cell) for cell in cells])
            written = number
    return table.getvalue()


def _whole_number(cell: str) -> str:
    return f"{Decimal(cell):f}" if SCIENTIFIC.fullmatch(cell) else cell


def _outcome(parcel: ListedParcel, *, is_failed: bool) -> Outcome:
    if parcel.problem:
        kind, text = "bad", parcel.problem
    elif is_failed:
        kind, text = (
            "bad",
            _("Not saved: the number belongs to another order, or the order changed."),
        )
    elif parcel.is_known:
        kind, text = "", _("Already saved. Nothing changed.")
    else:
        kind, text = "good", _("Saved. We e-mail the customer.")
    return Outcome(
        row_number=parcel.first.row_number,
        order=parcel.first.order[:40],
        number=parcel.first.number[:60],
        kind=kind,
        text=text,
    )
