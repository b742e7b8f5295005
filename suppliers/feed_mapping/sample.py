"""Feed samples: find a file, read its first rows, preview what a mapping makes of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext

from catalog.column_labels import COLUMNS
from catalog.product_import import identifiers, importer
from catalog.records import BadRow
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connections import file_sources
from suppliers.connectors.feed.fetch import UPLOADS
from suppliers.connectors.feed.formats.data_file import DataFile, open_file
from suppliers.connectors.feed.formats.detection import Detected
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.spec import Reading
from suppliers.connectors.feed.rows import product_pages
from suppliers.connectors.feed.rows.converter import Converter, Mapped
from suppliers.feed_mapping import suggestions
from suppliers.feed_mapping.sample_fetch import Fetch
from suppliers.models import Connection, Content, FeedUpload, Supplier
from suppliers.runs import issue_labels
from suppliers.sync.product_intake import wrong_cost


class Fact(NamedTuple):
    """One attribute with its text in the file; empty if it was calculated."""

    name: str
    value: str
    said: str


class Issue(NamedTuple):
    """One issue that the sync would record, with its label."""

    label: str
    message: str


class Preview(NamedTuple):
    """One row of the file, and what the sync would store of it.

    Shape: ``issues`` are keyed by cell; ``notes`` say how cells were interpreted;
        ``is_refused``: the row is valid, but its product would not be imported
    """

    raw: Mapping[str, Any]
    record: Mapped | BadRow
    notes: tuple[str, ...] = ()
    issues: Mapping[str, Sequence[Issue]] = {}
    is_refused: bool = False
    cost: Money | None = None
    gtin: str = ""
    weight_g: int | None = None
    facts: tuple[Fact, ...] = ()
    more: Mapping[str, str] = {}  # in the supplier's words; not mapped to an attribute


CELLS = {
    "sku": ("sku-", "list-"),
    "title": ("no-title", "family-", "emitter-"),
    "cost": ("cost-",),
    "stock": ("stock-",),
}


def preview_rows(  # noqa: PLR0913 - a mapping and the facts of its file
    rows: Iterable[Mapping[str, Any] | BadRow],
    mapping: mappings.Mapping,
    n: int = 20,
    *,
    content: Content = Content.PRODUCTS,
    currency: str = "USD",
    decimal: str = ".",
) -> list[Preview]:
    """Preview the first rows as the sync reads them; unreadable rows are shown raw."""
    mark = mapping.reading.decimal or decimal
    converter = Converter(mapping, currency=currency, mark=mark)
    page_mark = mapping.mark_of_claims(detected=decimal) if content == Content.PRODUCTS else None
    return [
        _shown(converter, place, row, currency=currency, page_mark=page_mark)
        for place, row in enumerate(islice(rows, n), start=1)
    ]


def unread_columns(headers: Iterable[str], mapping: mappings.Mapping) -> list[str]:
    """Return the columns that the mapping does not name; none if it uses expressions."""
    if any(source.jmespath or source.xpath for source in mapping.sources):
        return []
    named = {source.column for source in mapping.sources}
    return [header for header in headers if header not in named]


def _shown(
    converter: Converter,
    place: int,
    row: Mapping[str, Any] | BadRow,
    *,
    currency: str,
    page_mark: str | None,
) -> Preview:
    record = row if isinstance(row, BadRow) else converter.whole(row, place=f"row {place}")
    raw = row.raw if isinstance(row, BadRow) else row
    if isinstance(record, BadRow):
        return Preview(raw=raw, record=record, issues=_by_cell([record]))
    issues = list(record.problems)
    cost = record.cost
    if cost and (wrong := wrong_cost(cost, sku=record.sku, expected=currency)):
        issues.append(wrong)
        cost = None
    gone = (gettext("Discontinued by the supplier"),) if record.is_gone else ()
    preview = Preview(raw=raw, record=record, notes=(*record.notes, *gone), cost=cost)
    # A variant may leave its title to other rows of its product.
    if page_mark is not None and not record.is_gone and (record.title or not record.parent):
        preview = _with_page(preview, record, issues, mark=page_mark)
    return preview._replace(issues=_by_cell(issues))


def _with_page(preview: Preview, record: Mapped, issues: list[BadRow], *, mark: str) -> Preview:
    """Add what the product import would store."""
    product = product_pages.page(record.sku, [record], mark=mark).record
    records = [] if product is None else [product]
    goods = list(importer.understood(records, source="", issues=issues))
    if not goods:
        return preview._replace(is_refused=True)
    ((variant,), enriched) = goods[0].record.variants, goods[0].enriched
    gtin, weight_g = identifiers.gtin_of(variant), importer.packed_weight_g(variant)
    return preview._replace(
        gtin=gtin if isinstance(gtin, str) else "",
        weight_g=None if isinstance(weight_g, BadRow) else weight_g,
        facts=tuple(
            Fact(
                name=str(COLUMNS.get(column, column)),
                value=_written(value),
                said=enriched.sources.get(column, {}).get("raw", ""),
            )
            for column, value in enriched.spec.items()
        ),
        more=enriched.more,
    )


def _by_cell(issues: Iterable[BadRow]) -> dict[str, list[Issue]]:
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        cell = next((c for c, codes in CELLS.items() if issue.code.startswith(codes)), "more")
        found.setdefault(cell, []).append(Issue(issue_labels.said(issue.code), _message(issue)))
    return found


def _message(issue: BadRow) -> str:
    """Return the message, with the cells that it does not quote."""
    if issue.code.startswith("list-"):
        return issue.message
    said = [f"{name}: {text}" for name, text in issue.raw.items() if str(text) not in issue.message]
    return f"{issue.message} ({'; '.join(said)})" if said else issue.message


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return sources.text(value)


# Sample files

ROWS = 20
VALUES = 3
LONGEST_VALUE = 60
OURS = re.compile(r"(products|prices|stock)-[0-9a-f]{8,64}\.(raw|upload)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a file, with sample values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first rows of a file."""

    detected: Detected
    columns: tuple[Column, ...]
    suggested: mappings.Mapping


def path_of(supplier: Supplier, name: str) -> Path | None:
    """Return the path of a fetched or uploaded file; None unless the name was generated by us."""
    if not OURS.fullmatch(name):
        return None
    folder = file_sources.folder_of(supplier)
    path = folder / UPLOADS / name if name.endswith(".upload") else folder / name
    return path if path.is_file() and not path.is_symlink() else None


def newest(supplier: Supplier, content: str, *, fetch: Fetch | None) -> str:
    """Return the name of the file uploaded or fetched last, if it still exists.

    Shape: ``fetch`` is the last fetch requested by staff; a sync may have fetched one, too
    """
    given = FeedUpload.objects.filter(supplier=supplier, content=content).order_by("-id").first()
    asked = fetch if fetch and fetch.file else None
    is_later = asked is not None and (given is None or asked.since > given.at)
    handed_in, fetched = (given.stored_as if given else ""), (asked.file if asked else "")
    by_hand = [fetched, handed_in] if is_later else [handed_in, fetched]
    wire = Connection.objects.filter(supplier=supplier).first()
    files = wire.remembered.get("files", {}) if wire else {}
    names = [*by_hand, str(files.get(content, {}).get("file", ""))]
    return next((name for name in names if name and path_of(supplier, name)), "")


def look(path: Path, *, reading: Reading) -> Sample:
    """Read the first rows of a file.

    Raises: PermanentError  it cannot be read; the message says why
    """
    with _opened(path, reading) as file:
        rows = [row for row in file.sample(ROWS) if not isinstance(row, BadRow)]
        return Sample(
            detected=file.detected,
            columns=tuple(_column(name, rows) for name in file.detected.headers),
            suggested=suggestions.suggest(file.detected.headers, rows),
        )


def preview(
    path: Path, mapping: mappings.Mapping, *, content: Content, currency: str
) -> list[Preview]:
    """Preview the first rows with a mapping.

    Raises: PermanentError
    """
    with _opened(path, mapping.reading) as file:
        rows = file.sample(ROWS, xpaths=mapping.xpaths)
        decimal = file.detected.decimal
        return preview_rows(
            rows, mapping, ROWS, content=content, currency=currency, decimal=decimal
        )


@contextmanager
def _opened(path: Path, reading: Reading) -> Iterator[DataFile]:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="look-") as work:
        try:
            yield open_file(path, work=Path(work), reading=reading)
        except (ValueError, LookupError) as error:
            raise PermanentError(f"the file cannot be read with these settings: {error}") from error


def _column(name: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    seen = dict.fromkeys(str(row[name]).strip() for row in rows if row.get(name) not in {None, ""})
    values = [value[:LONGEST_VALUE] for value in seen if value]
    return Column(name=name, values=tuple(values[:VALUES]))
