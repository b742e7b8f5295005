"""Own files: read a staff file of our products into the rows of a bulk edit.

A row whose SKU is unknown creates a variant, and a product if its URL handle is unknown, too. A row
that is left out changes nothing.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import batched
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.bulk_edits import planning
from catalog.models import BulkEdit, BulkEditRow
from catalog.records import ImportIssue
from suppliers.catalog_files.own_columns import SKU, OwnColumns, read_cells
from suppliers.catalog_files.own_rows import RowReader
from suppliers.connectors.feed.formats.data_file import NO_OVERRIDES, DataFile, open_file
from suppliers.connectors.feed.limits import invalid_file
from suppliers.connectors.feed.mapping.spec import FormatOverrides
from suppliers.models import CatalogImport

BlankCell = CatalogImport.BlankCell
BATCH = 500


def list_skus(
    path: Path, *, mapped: Mapping[str, str], reading: FormatOverrides = NO_OVERRIDES
) -> list[str]:
    """Return the SKU of each row, which may be empty. Raises PermanentError: it cannot be read."""
    heading = next(heading for heading, code in mapped.items() if code == SKU)
    with tempfile.TemporaryDirectory() as work:
        return [
            "" if isinstance(row, ImportIssue) else read_cells(row).get(heading, "").strip()
            for row in open_file(path, work=Path(work), reading=reading).rows()
        ]


def fill_edit(  # noqa: PLR0913 - a file, how to read it, its progress
    edit: BulkEdit,
    path: Path,
    *,
    mapped: Mapping[str, str],
    blank: str,
    skus: Collection[str],
    reading: FormatOverrides = NO_OVERRIDES,
    on_progress: Callable[[int], object],
) -> None:
    """Store a checked row for each row of the file.

    Shape:  ``mapped`` maps headings to fields; ``blank`` is a ``CatalogImport.BlankCell``; ``skus``
            are those of all rows, which may be successors of other variants
    Raises: PermanentError  the file cannot be read, or no row names a SKU of ours
    """
    with tempfile.TemporaryDirectory() as work:
        file = open_file(path, work=Path(work), reading=reading)
        mark = file.detected.decimal if file.detected.decimal == "," else ""
        reader = RowReader(
            OwnColumns(),
            mapped=mapped,
            clears=blank == BlankCell.CLEAR,
            mark=mark,
            skus_of_file=frozenset(skus),
        )
        count = 0
        for batch in batched(_numbered(file), BATCH):
            rows = [
                BulkEditRow(edit=edit, position=number, name=_name(row, reader, number))
                for number, row in batch
            ]
            reader.check_rows(rows, [row for _, row in batch])
            BulkEditRow.objects.bulk_create(rows, batch_size=BATCH)
            count += len(rows)
            on_progress(count)
    if not count:
        raise invalid_file("empty", _("The file has no rows below the column names."))
    if not reader.known and not reader.can_create:
        raise invalid_file(
            "skus", _("No row has one of our SKUs. Check which column holds our SKU.")
        )


def _numbered(file: DataFile) -> Iterator[tuple[int, dict[str, str] | ImportIssue]]:
    for number, row in enumerate(file.rows(), start=1):
        yield number, row if isinstance(row, ImportIssue) else read_cells(row)


def _name(row: dict[str, str] | ImportIssue, reader: RowReader, number: int) -> str:
    sku = "" if isinstance(row, ImportIssue) else reader.sku_of(row)
    return (sku or _("Row %(number)s") % {"number": number})[: planning.MAX_NAME]
