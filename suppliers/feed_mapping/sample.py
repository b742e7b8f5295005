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

from catalog.attributes.normalization import enrich
from catalog.column_labels import COLUMNS
from catalog.records import BadRow
from storefront.lib.http.errors import PermanentError
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
from suppliers.models import Connection, FeedUpload, Supplier


class Fact(NamedTuple):
    """One attribute of the product page, and the words of the file that it was read from."""

    name: str
    value: str
    said: str


class Preview(NamedTuple):
    """One row of the file, what it is read as, and remarks for staff."""

    raw: Mapping[str, Any]
    record: Mapped | BadRow
    notes: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    more: Mapping[str, str] = {}  # in the supplier's words: no attribute of ours


def preview_rows(
    rows: Iterable[Mapping[str, Any] | BadRow],
    mapping: mappings.Mapping,
    n: int = 20,
    *,
    currency: str = "USD",
    decimal: str = ".",
) -> list[Preview]:
    """Convert the first rows; rows that could not even be read are shown as they are."""
    mark = mapping.reading.decimal or decimal
    converter = Converter(mapping, currency=currency, mark=mark)
    mark_of_claims = mapping.mark_of_claims(detected=decimal)
    return [
        _shown(converter, place, row, mark=mark_of_claims)
        for place, row in enumerate(islice(rows, n), start=1)
    ]


def _shown(
    converter: Converter, place: int, row: Mapping[str, Any] | BadRow, *, mark: str
) -> Preview:
    if isinstance(row, BadRow):
        return Preview(raw=row.raw, record=row, notes=(row.message,))
    record = converter.whole(row, place=f"row {place}")
    if isinstance(record, BadRow):
        return Preview(raw=row, record=record, notes=(record.message,))
    said = (*record.notes, *(problem.message for problem in record.problems))
    gone = ("He sells it no more.",) if record.is_gone else ()
    preview = Preview(raw=row, record=record, notes=(*said, *gone))
    return _with_facts(preview, record, mark=mark) if record.title else preview


def _with_facts(preview: Preview, record: Mapped, *, mark: str) -> Preview:
    """Add what the product page will say."""
    page = product_pages.page(record.sku, [record], mark=mark)
    enriched = enrich(page.record, source="preview") if page.record else None
    if enriched is None or isinstance(enriched, BadRow):
        refused = (enriched.message,) if enriched else ()
        return preview._replace(notes=(*preview.notes, *refused), more=record.claims)
    facts = tuple(
        Fact(name=str(COLUMNS.get(column, column)), value=_written(value), said=said["raw"])
        for column, value in enriched.spec.items()
        if (said := enriched.sources.get(column))
    )
    notes = (*preview.notes, *(issue.message for issue in enriched.issues))
    return preview._replace(facts=facts, notes=notes, more=enriched.more)


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
    """One column of a file, with values that stand in it."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The beginning of a file."""

    detected: Detected
    columns: tuple[Column, ...]
    suggested: mappings.Mapping


def path_of(supplier: Supplier, name: str) -> Path | None:
    """Find a fetched or uploaded file by its name; only names that we give ourselves are any."""
    if not OURS.fullmatch(name):
        return None
    folder = file_sources.folder_of(supplier)
    path = folder / UPLOADS / name if name.endswith(".upload") else folder / name
    return path if path.is_file() and not path.is_symlink() else None


def newest(supplier: Supplier, content: str, *, fetch: Fetch | None) -> str:
    """Name the file that was last handed in or fetched, if it is still there.

    Shape:  ``fetch`` is what a person asked for last; a sync may have fetched one too
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
    """Read the beginning of a file.

    Raises: PermanentError  it cannot be read; the message says why
    """
    with _opened(path, reading) as file:
        rows = [row for row in file.sample(ROWS) if not isinstance(row, BadRow)]
        return Sample(
            detected=file.detected,
            columns=tuple(_column(name, rows) for name in file.detected.headers),
            suggested=suggestions.suggest(file.detected.headers, rows),
        )


def preview(path: Path, mapping: mappings.Mapping, *, currency: str) -> list[Preview]:
    """Show what a mapping makes of the first rows.

    Raises: PermanentError
    """
    with _opened(path, mapping.reading) as file:
        rows = file.sample(ROWS, xpaths=mapping.xpaths)
        return preview_rows(rows, mapping, ROWS, currency=currency, decimal=file.detected.decimal)


@contextmanager
def _opened(path: Path, reading: Reading) -> Iterator[DataFile]:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="look-") as work:
        try:
            yield open_file(path, work=Path(work), reading=reading)
        except (ValueError, LookupError) as error:
            raise PermanentError(f"the file cannot be read like this: {error}") from error


def _column(name: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    seen = dict.fromkeys(str(row[name]).strip() for row in rows if row.get(name) not in {None, ""})
    values = [value[:LONGEST_VALUE] for value in seen if value]
    return Column(name=name, values=tuple(values[:VALUES]))
