"""Bulk reader: convert the prices and stock of a file to COPY text.

Plain rows take the fast path, all others the converter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from suppliers.connectors.bulk import CopyLines, OfferRow
from suppliers.connectors.feed.formats import delimited
from suppliers.connectors.feed.mapping.spec import Format
from suppliers.connectors.feed.reader import FeedFileReader, ProductIdOf
from suppliers.connectors.feed.rows import fast_path
from suppliers.connectors.feed.rows.fast_path import FastConverter
from suppliers.connectors.records import StockReport

ROWS_PER_BATCH = 2_000

ProductStock = tuple[str, tuple[StockReport | ImportIssue, ...]]


def offers(
    file_reader: FeedFileReader, *, external_id_of: ProductIdOf
) -> Iterator[CopyLines | OfferRow | ImportIssue]:
    """Yield the price of each row, plain rows first or last, in no order.

    Raises: PermanentError  the file is broken or too old
    """
    ready = fast_path.offers(
        file_reader.mapping,
        currency=file_reader.currency,
        mark=file_reader.decimal,
        external_id_of=external_id_of,
    )
    return _convert(
        file_reader, ready, partial(file_reader.offer_of, external_id_of=external_id_of)
    )


def stock(
    file_reader: FeedFileReader, *, external_id_of: ProductIdOf
) -> Iterator[CopyLines | ProductStock]:
    """Yield the stock of each row, in no order.

    Raises: PermanentError  the file is broken or too old
    """
    ready = fast_path.stock(file_reader.mapping, external_id_of=external_id_of)
    return _convert(
        file_reader, ready, partial(file_reader.stock_of, external_id_of=external_id_of)
    )


def _convert[T](
    file_reader: FeedFileReader,
    ready: FastConverter | None,
    careful: Callable[..., T | None],
) -> Iterator[CopyLines | T]:
    if ready is None:
        for place, row in file_reader.rows():
            if (told := careful(row, place=place)) is not None:
                yield told
        return
    try:
        if file_reader.file.detected.format in {Format.CSV, Format.TSV}:
            yield from _convert_by_position(file_reader, ready, careful)
        else:
            yield from _convert_by_name(file_reader, ready, careful)
    except PermanentError:
        file_reader.is_whole = False
        raise


def _convert_by_position[T](
    file_reader: FeedFileReader, ready: FastConverter, careful: Callable[..., T | None]
) -> Iterator[CopyLines | T]:
    """Read cells by position, without building a dict per row."""
    found = file_reader.file.detected
    headers, rows = delimited.cells(
        file_reader.file.path,
        encoding=found.encoding,
        delimiter=found.delimiter,
        header_row=found.header_row,
    )
    # A missing column is read as empty.
    places = [headers.index(each) if each in headers else None for each in ready.columns]
    is_whole = None not in places
    pick = itemgetter(*[place or 0 for place in places])
    read = ready.read
    lines: list[str] = []
    bad = 0
    for number, row in enumerate(rows, start=1):
        if type(row) is list:
            cells = pick(row)
            if not is_whole:
                cells = [
                    "" if place is None else cell for place, cell in zip(places, cells, strict=True)
                ]
            if (line := read(cells)) is not None:
                lines.append(line)
                if len(lines) >= ROWS_PER_BATCH:
                    yield CopyLines("".join(lines), len(lines))
                    lines.clear()
                continue
            told = careful(dict(zip(headers, row, strict=False)), place=f"row {number}")
        elif isinstance(row, ImportIssue):
            if row.is_fatal:
                bad += 1
                file_reader.count_bad_rows(bad)
            told = careful(row, place=f"row {number}")
        if told is not None:
            yield told
    if lines:
        yield CopyLines("".join(lines), len(lines))


def _convert_by_name[T](
    file_reader: FeedFileReader, ready: FastConverter, careful: Callable[..., T | None]
) -> Iterator[CopyLines | T]:
    read, columns, values = ready.read, ready.columns, fast_path.plain_values
    lines: list[str] = []
    for place, row in file_reader.rows():
        if type(row) is dict and (cells := values(row, columns)) is not None:
            line = read(cells)
            if line is not None:
                lines.append(line)
                if len(lines) >= ROWS_PER_BATCH:
                    yield CopyLines("".join(lines), len(lines))
                    lines.clear()
                continue
        if (told := careful(row, place=place)) is not None:
            yield told
    if lines:
        yield CopyLines("".join(lines), len(lines))
