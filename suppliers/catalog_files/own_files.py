"""Own files: read a staff file of our products into the rows of a bulk edit.

A cell that equals the export of its variant is unchanged, whatever it says. A row that is left
out changes nothing.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits import identifiers, planning
from catalog.bulk_edits.fields import IDENTIFIER, OF_VARIANT, Target
from catalog.models import BulkEdit, BulkEditRow, Variant
from catalog.records import ImportIssue
from suppliers.catalog_files import columns, export
from suppliers.catalog_files.own_columns import (
    SKU,
    CellError,
    OwnColumns,
    is_exported,
    read_cells,
)
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.formats.delimited import TOTAL_ROW
from suppliers.connectors.feed.limits import invalid_file
from suppliers.models import CatalogImport

BATCH = 500
Outcome = BulkEditRow.Outcome


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What was read so far, to find contradictions between rows."""

    skus: set[str] = field(default_factory=set)
    # (product, field) -> value and row
    stated: dict[tuple[int, str], tuple[Any, int]] = field(default_factory=dict)
    # (scheme, number) -> row
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)


def count_rows(path: Path) -> int:
    """Return the number of rows. Raises PermanentError: the file cannot be read."""
    with tempfile.TemporaryDirectory() as work:
        return sum(1 for _row in open_file(path, work=Path(work)).rows())


def fill_edit(
    edit: BulkEdit,
    path: Path,
    *,
    mapped: Mapping[str, str],
    blank: str,
    on_progress: Callable[[int], object],
) -> None:
    """Store a checked row for each row of the file.

    Shape:  ``mapped`` maps headings to fields; ``blank`` is a ``CatalogImport.BlankCell``
    Raises: PermanentError  the file cannot be read, or no row names a SKU of ours
    """
    own, reading = OwnColumns(), _Reading()
    with tempfile.TemporaryDirectory() as work:
        file = open_file(path, work=Path(work))
        mark = file.detected.decimal if file.detected.decimal == "," else ""
        count = known = 0
        for batch in batched(_numbered(file), BATCH):
            rows = [
                BulkEditRow(edit=edit, position=number, name=_name(row, mapped, number))
                for number, row in batch
            ]
            known += _check_batch(
                rows, [row for _, row in batch], own, reading, mapped=mapped, blank=blank, mark=mark
            )
            BulkEditRow.objects.bulk_create(rows, batch_size=BATCH)
            count += len(rows)
            on_progress(count)
    if not count:
        raise invalid_file("empty", _("The file has no rows below the column names."))
    if not known:
        raise invalid_file(
            "skus", _("No row has one of our SKUs. Check which column holds our SKU.")
        )


def _numbered(file: DataFile) -> Iterator[tuple[int, dict[str, str] | ImportIssue]]:
    for number, row in enumerate(file.rows(), start=1):
        yield number, row if isinstance(row, ImportIssue) else read_cells(row)


def _name(row: dict[str, str] | ImportIssue, mapped: Mapping[str, str], number: int) -> str:
    if isinstance(row, ImportIssue):
        return _("Row %(number)s") % {"number": number}
    sku = _sku(row, mapped)
    return (sku or _("Row %(number)s") % {"number": number})[: planning.MAX_NAME]


def _sku(row: Mapping[str, str], mapped: Mapping[str, str]) -> str:
    return next(
        (row.get(heading, "") for heading, code in mapped.items() if code == SKU), ""
    ).strip()


def _check_batch(  # noqa: PLR0913 - rows with their cells, and how to read these
    rows: Sequence[BulkEditRow],
    cells: Sequence[dict[str, str] | ImportIssue],
    own: OwnColumns,
    reading: _Reading,
    *,
    mapped: Mapping[str, str],
    blank: str,
    mark: str,
) -> int:
    """Check the rows; return how many name a SKU of ours."""
    skus = [_sku(each, mapped) for each in cells if isinstance(each, dict)]
    ids = dict(Variant.objects.filter(sku__in=skus).values_list("sku", "pk"))
    targets, variants = bulk_fields.load_targets([], ids.values())
    exported = {row.variant.sku: columns.to_cells(row) for row in export.load_rows(sorted(targets))}
    known = 0
    for row, each in zip(rows, cells, strict=True):
        if isinstance(each, ImportIssue):
            is_total = each.code == TOTAL_ROW
            row.outcome = Outcome.UNCHANGED if is_total else Outcome.REJECTED
            row.message = each.message[: planning.MAX_MESSAGE]
            continue
        sku = _sku(each, mapped)
        variant = variants.get(ids.get(sku, 0))
        if variant is None or sku in reading.skus:
            row.outcome = Outcome.REJECTED
            row.message = _("The file names this SKU twice.") if variant else _no_sku(sku)
            continue
        known += 1
        reading.skus.add(sku)
        row.product_id, row.variant_id = variant.product_id, variant.pk
        target = targets[variant.product_id]
        target.variant = variant
        wanted, problems = _read_row(
            each, exported.get(sku, {}), own, mapped=mapped, blank=blank, mark=mark
        )
        problems += _contradictions(row, wanted, own, reading)
        row.wanted = wanted
        plan = planning.plan_values(target, wanted, own.fields)
        problems += _repeated_identifiers(row, target, plan, own, reading)
        plan.rejection = " ".join(filter(None, [*problems, plan.rejection]))
        planning.store_plan(row, plan)
    return known


def _no_sku(sku: str) -> str:
    if not sku:
        return _("The row has no SKU.")
    return _("No variant has the SKU %(sku)s.") % {"sku": sku[:60]}


def _read_row(  # noqa: PLR0913 - a row, its export, and how to read it
    row: Mapping[str, str],
    exported: Mapping[str, str],
    own: OwnColumns,
    *,
    mapped: Mapping[str, str],
    blank: str,
    mark: str,
) -> tuple[dict[str, Any], list[str]]:
    """Return the stated values by code, and what is wrong with cells."""
    wanted: dict[str, Any] = {}
    problems: list[str] = []
    for heading, code in mapped.items():
        if code == SKU or code not in own.fields:
            continue
        text = row.get(heading, "")
        if is_exported(heading) and text == exported.get(heading, ""):
            continue
        each = own.fields[code]
        if text.strip():
            try:
                wanted[code] = own.parse(code, text, heading=heading, mark=mark)
            except CellError as error:
                problems.append(f"{error}.")
        elif blank == CatalogImport.BlankCell.CLEAR and each.can_clear:
            wanted[code] = each.empty
    return wanted, problems


def _contradictions(
    row: BulkEditRow, wanted: dict[str, Any], own: OwnColumns, reading: _Reading
) -> list[str]:
    """Leave out product values that an earlier row states; return those it states otherwise."""
    problems = []
    for code in [code for code in wanted if own.fields[code].part not in OF_VARIANT]:
        value, first = reading.stated.setdefault(
            (row.product_id or 0, code), (wanted[code], row.position)
        )
        if first == row.position:
            continue
        if value != wanted[code]:
            message = _("%(field)s: row %(row)s states another value for the same product.")
            problems.append(message % {"field": own.fields[code].label, "row": first})
        del wanted[code]
    return problems


def _repeated_identifiers(
    row: BulkEditRow, target: Target, plan: planning.RowPlan, own: OwnColumns, reading: _Reading
) -> list[str]:
    """Return which new identifiers an earlier row states for another variant."""
    problems = []
    for code, after in plan.after.items():
        each = own.fields[code]
        new = set(after) - set(plan.before[code]) if each.part == IDENTIFIER else ()
        for number in sorted(new):
            value = identifiers.stored_value(target, each.name, number)
            first = reading.numbers.setdefault((each.name, value), row.position)
            if first != row.position:
                message = _("%(field)s: row %(row)s states %(number)s for another variant.")
                values = {"field": each.label, "row": first, "number": number}
                problems.append(message % values)
    return problems
