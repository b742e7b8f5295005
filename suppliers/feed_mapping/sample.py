"""Feed samples: find a file, read its first rows, preview a mapping, check all rows."""

import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext

from catalog.custom_attributes import registry
from catalog.custom_attributes.values import find_definitions
from catalog.models import Spec
from catalog.models.families import cached_families
from catalog.product_import import identifiers, importer
from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connections import file_sources
from suppliers.connectors.feed.fetch import UPLOADS
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.formats.detection import Detected
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.spec import FormatOverrides
from suppliers.connectors.feed.rows import product_pages
from suppliers.connectors.feed.rows.converter import ConvertedRow, Converter
from suppliers.feed_mapping import suggestions
from suppliers.feed_mapping.sample_fetch import Fetch
from suppliers.models import Connection, FeedUpload, FileContent, Supplier
from suppliers.runs import issue_labels
from suppliers.sync.product_intake import cost_issue


class AttributeValue(NamedTuple):
    """One attribute; ``raw_text`` is its text in the file, empty if it was calculated."""

    name: str
    value: str
    raw_text: str


class PreviewIssue(NamedTuple):
    label: str
    message: str


class Preview(NamedTuple):
    """One row of the file, and what the sync would store of it.

    Shape: ``issues`` are keyed by cell; ``notes`` say how cells were interpreted;
        ``is_refused``: the row is valid, but its product would not be imported
    """

    raw: Mapping[str, Any]
    record: ConvertedRow | ImportIssue
    notes: tuple[str, ...] = ()
    issues: Mapping[str, Sequence[PreviewIssue]] = {}
    is_refused: bool = False
    cost: Money | None = None
    gtin: str = ""
    weight_g: int | None = None
    facts: tuple[AttributeValue, ...] = ()
    more: Mapping[str, str] = {}  # in the supplier's words; not mapped to an attribute


CODES_BY_CELL = {
    "sku": ("sku-", "list-"),
    "title": ("no-title", "title-", "family-", "emitter-"),
    "cost": ("cost-",),
    "stock": ("stock-",),
}


def preview_rows(  # noqa: PLR0913 - a mapping and the facts of its file
    rows: Iterable[Mapping[str, Any] | ImportIssue],
    mapping: mappings.Mapping,
    n: int = 20,
    *,
    content: FileContent = FileContent.PRODUCTS,
    currency: str = "USD",
    decimal: str = ".",
    supplier: str = "",
) -> list[Preview]:
    """Preview the first rows as the sync reads them; unreadable rows are shown raw."""
    first = islice(rows, n)
    return list(
        _previews(
            first, mapping, content=content, currency=currency, decimal=decimal, supplier=supplier
        )
    )


def _previews(  # noqa: PLR0913 - as ``preview_rows``
    rows: Iterable[Mapping[str, Any] | ImportIssue],
    mapping: mappings.Mapping,
    *,
    content: FileContent,
    currency: str,
    decimal: str,
    supplier: str,
) -> Iterator[Preview]:
    mark = mapping.reading.decimal or decimal
    converter = Converter(mapping, currency=currency, mark=mark, supplier=supplier)
    page_mark = (
        mapping.claims_decimal_separator(detected=decimal)
        if content == FileContent.PRODUCTS
        else None
    )
    for row_number, row in enumerate(rows, start=1):
        yield _preview_row(converter, row_number, row, currency=currency, page_mark=page_mark)


def unread_columns(headers: Iterable[str], mapping: mappings.Mapping) -> list[str]:
    """Return the columns that the mapping does not name; none if it uses expressions."""
    if any(source.jmespath or source.xpath for source in mapping.sources):
        return []
    named = {source.column for source in mapping.sources}
    return [header for header in headers if header not in named]


def _preview_row(
    converter: Converter,
    row_number: int,
    row: Mapping[str, Any] | ImportIssue,
    *,
    currency: str,
    page_mark: str | None,
) -> Preview:
    record = (
        row if isinstance(row, ImportIssue) else converter.whole(row, row_name=f"row {row_number}")
    )
    raw = row.raw if isinstance(row, ImportIssue) else row
    if isinstance(record, ImportIssue):
        return Preview(raw=raw, record=record, issues=_by_cell([record]))
    issues = list(record.problems)
    cost = record.cost
    if cost and (issue := cost_issue(cost, sku=record.sku, expected=currency)):
        issues.append(issue)
        cost = None
    discontinued_note = (gettext("Discontinued by the supplier"),) if record.is_gone else ()
    preview = Preview(raw=raw, record=record, notes=(*record.notes, *discontinued_note), cost=cost)
    # A variant may have no title if another row of its product has one.
    if page_mark is not None and not record.is_gone and (record.title or not record.parent):
        preview = _with_page(preview, record, issues, mark=page_mark)
    return preview._replace(issues=_by_cell(issues))


def _with_page(
    preview: Preview, record: ConvertedRow, issues: list[ImportIssue], *, mark: str
) -> Preview:
    product = product_pages.build_detail(record.sku, [record], mark=mark).record
    records = [] if product is None else [product]
    normalized = list(
        importer.normalize_records(
            records,
            source="",
            definitions=registry.cached(),
            families=cached_families(),
            issues=issues,
        )
    )
    if not normalized:
        return preview._replace(is_refused=True)
    ((variant,), enriched) = normalized[0].record.variants, normalized[0].enriched
    issues += enriched.unlikely
    gtin, weight_g = identifiers.parse_gtin(variant), importer.packed_weight_g(variant)
    return preview._replace(
        gtin=gtin if isinstance(gtin, str) else "",
        weight_g=None if isinstance(weight_g, ImportIssue) else weight_g,
        facts=tuple(
            AttributeValue(
                name=_attribute_label(column),
                value=_display(value),
                raw_text=enriched.sources.get(column, {}).get("raw", ""),
            )
            for column, value in enriched.spec.items()
        ),
        more=enriched.more,
    )


def _attribute_label(column: str) -> str:
    labels = {field.name: field.verbose_name for field in Spec._meta.fields}  # noqa: SLF001
    return str(labels.get(column, column))


def _by_cell(issues: Iterable[ImportIssue]) -> dict[str, list[PreviewIssue]]:
    by_cell: dict[str, list[PreviewIssue]] = {}
    for issue in issues:
        cell = next(
            (c for c, codes in CODES_BY_CELL.items() if issue.code.startswith(codes)), "more"
        )
        by_cell.setdefault(cell, []).append(
            PreviewIssue(issue_labels.issue_label(issue.code), _message(issue))
        )
    return by_cell


def _message(issue: ImportIssue) -> str:
    """Return the message, with the cells that the message does not quote."""
    if issue.code.startswith("list-"):
        return issue.message
    cells = [
        f"{name}: {text}" for name, text in issue.raw.items() if str(text) not in issue.message
    ]
    return f"{issue.message} ({'; '.join(cells)})" if cells else issue.message


def _display(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return sources.text(value)


ROWS = 20
EXAMPLES = 3
CHECK_TIME_LIMIT_S = 15  # about 5,000 rows
VALUES = 3
MAX_VALUE_LENGTH = 60
GENERATED_NAME = re.compile(r"(products|prices|stock)-[0-9a-f]{8,64}\.(raw|upload)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    detected: Detected
    columns: tuple[Column, ...]
    suggested: mappings.Mapping


def find_file(supplier: Supplier, name: str) -> Path | None:
    """Return the path of a fetched or uploaded file; None unless the name was generated by us."""
    if not GENERATED_NAME.fullmatch(name):
        return None
    folder = file_sources.supplier_folder(supplier)
    path = folder / UPLOADS / name if name.endswith(".upload") else folder / name
    return path if path.is_file() and not path.is_symlink() else None


def newest_file(supplier: Supplier, content: str, *, fetch: Fetch | None) -> str:
    """Return the newest file that staff uploaded or fetched, else the one of the last sync."""
    upload = FeedUpload.objects.filter(supplier=supplier, content=content).order_by("-id").first()
    requested_fetch = fetch if fetch and fetch.file else None
    is_later = requested_fetch is not None and (upload is None or requested_fetch.since > upload.at)
    uploaded_name, fetched_name = (
        (upload.storage_name if upload else ""),
        (requested_fetch.file if requested_fetch else ""),
    )
    staff_files = [fetched_name, uploaded_name] if is_later else [uploaded_name, fetched_name]
    connection = Connection.objects.filter(supplier=supplier).first()
    files = connection.connector_state.get("files", {}) if connection else {}
    names = [*staff_files, str(files.get(content, {}).get("file", ""))]
    return next((name for name in names if name and find_file(supplier, name)), "")


def _custom_columns(headers: Sequence[str]) -> dict[str, str]:
    """Map the columns that name a custom attribute to its English name."""
    found = find_definitions(headers, registry.cached())
    return {header: definition.name_in("en") for header, definition in found.items()}


def read_sample(path: Path, *, reading: FormatOverrides) -> Sample:
    """Read the first rows of a file. Raises PermanentError: the message says why."""
    with _open_file(path, reading) as file:
        rows = [row for row in file.sample(ROWS) if not isinstance(row, ImportIssue)]
        return Sample(
            detected=file.detected,
            columns=tuple(_sample_column(name, rows) for name in file.detected.headers),
            suggested=suggestions.suggest_mapping(
                file.detected.headers, rows, custom=_custom_columns(file.detected.headers)
            ),
        )


def preview_file(
    path: Path, mapping: mappings.Mapping, *, content: FileContent, supplier: Supplier
) -> list[Preview]:
    """Preview the first rows with a mapping. Raises PermanentError."""
    with _open_file(path, mapping.reading) as file:
        rows = file.sample(ROWS, xpaths=mapping.xpaths)
        decimal = file.detected.decimal
        return preview_rows(
            rows,
            mapping,
            ROWS,
            content=content,
            currency=supplier.currency,
            decimal=decimal,
            supplier=supplier.code,
        )


class IssueCount(NamedTuple):
    """An issue, the number of rows that have it, and the first of them with their messages."""

    label: str
    rows: int
    examples: Sequence[tuple[int, str]]


class RowCheck(NamedTuple):
    rows: int
    is_complete: bool
    issues: Sequence[IssueCount]


def check_rows(
    path: Path, mapping: mappings.Mapping, *, content: FileContent, supplier: Supplier
) -> RowCheck:
    """Count the issues of all rows, or of those read within the time limit.

    Raises: PermanentError
    """
    deadline = time.monotonic() + CHECK_TIME_LIMIT_S
    found: dict[str, list[tuple[int, str]]] = {}
    number, is_complete = 0, True
    with _open_file(path, mapping.reading) as file:
        rows = file.rows(xpaths=mapping.xpaths)
        previews = _previews(
            rows,
            mapping,
            content=content,
            currency=supplier.currency,
            decimal=file.detected.decimal,
            supplier=supplier.code,
        )
        for number, preview in enumerate(previews, start=1):
            for issue in chain.from_iterable(preview.issues.values()):
                found.setdefault(issue.label, []).append((number, issue.message))
            if time.monotonic() > deadline:
                is_complete = False
                break
    counts = [
        IssueCount(label, len({row for row, _ in rows}), rows[:EXAMPLES])
        for label, rows in found.items()
    ]
    return RowCheck(number, is_complete, sorted(counts, key=lambda count: -count.rows))


@contextmanager
def _open_file(path: Path, reading: FormatOverrides) -> Iterator[DataFile]:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="look-") as work:
        try:
            yield open_file(path, work=Path(work), reading=reading)
        except (ValueError, LookupError) as error:
            message = gettext("The file cannot be read with these settings: %(problem)s")
            raise PermanentError(message % {"problem": error}) from error


def _sample_column(name: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    distinct = dict.fromkeys(
        str(row[name]).strip() for row in rows if row.get(name) not in (None, "")
    )
    values = [value[:MAX_VALUE_LENGTH] for value in distinct if value]
    return Column(name=name, values=tuple(values[:VALUES]))
