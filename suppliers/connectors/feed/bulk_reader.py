"""Bulk reader: convert the prices and stock of a file to COPY text.

Plain rows take the fast path, all others the converter.
"""

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
    """Yield the price of each row, unsorted. Raises PermanentError: the file is broken or old."""
    fast = fast_path.offers(
        file_reader.mapping,
        currency=file_reader.currency,
        mark=file_reader.decimal,
        external_id_of=external_id_of,
    )
    return _convert(file_reader, fast, partial(file_reader.offer_of, external_id_of=external_id_of))


def stock(
    file_reader: FeedFileReader, *, external_id_of: ProductIdOf
) -> Iterator[CopyLines | ProductStock]:
    """Yield the stock of each row, unsorted. Raises PermanentError: the file is broken or old."""
    fast = fast_path.stock(file_reader.mapping, external_id_of=external_id_of)
    return _convert(file_reader, fast, partial(file_reader.stock_of, external_id_of=external_id_of))


def _convert[T](
    file_reader: FeedFileReader, fast: FastConverter | None, convert_row: Callable[..., T | None]
) -> Iterator[CopyLines | T]:
    if fast is None:
        for row_name, row in file_reader.rows():
            if (converted := convert_row(row, row_name=row_name)) is not None:
                yield converted
        return
    try:
        if file_reader.file.detected.format in {Format.CSV, Format.TSV}:
            yield from _convert_by_position(file_reader, fast, convert_row)
        else:
            yield from _convert_by_name(file_reader, fast, convert_row)
    except PermanentError:
        file_reader.is_complete = False
        raise


def _convert_by_position[T](
    file_reader: FeedFileReader, fast: FastConverter, convert_row: Callable[..., T | None]
) -> Iterator[CopyLines | T]:
    """Read cells by position, without building a dict per row."""
    detected = file_reader.file.detected
    headers, rows = delimited.cells(
        file_reader.file.path,
        encoding=detected.encoding,
        delimiter=detected.delimiter,
        header_row=detected.header_row,
    )
    # A missing column is read as empty.
    positions = [headers.index(column) if column in headers else None for column in fast.columns]
    has_all_columns = None not in positions
    select = itemgetter(*[position or 0 for position in positions])
    read = fast.read
    lines: list[str] = []
    bad_count = 0
    for number, row in enumerate(rows, start=1):
        if type(row) is list:
            cells = select(row)
            if not has_all_columns:
                cells = [
                    "" if position is None else cell
                    for position, cell in zip(positions, cells, strict=True)
                ]
            if (line := read(cells)) is not None:
                lines.append(line)
                if len(lines) >= ROWS_PER_BATCH:
                    yield CopyLines("".join(lines), len(lines))
                    lines.clear()
                continue
            converted = convert_row(dict(zip(headers, row, strict=False)), row_name=f"row {number}")
        elif isinstance(row, ImportIssue):
            if row.is_fatal:
                bad_count += 1
                file_reader.count_bad_rows(bad_count)
            converted = convert_row(row, row_name=f"row {number}")
        if converted is not None:
            yield converted
    if lines:
        yield CopyLines("".join(lines), len(lines))


def _convert_by_name[T](
    file_reader: FeedFileReader, fast: FastConverter, convert_row: Callable[..., T | None]
) -> Iterator[CopyLines | T]:
    read, columns, values = fast.read, fast.columns, fast_path.plain_values
    lines: list[str] = []
    for row_name, row in file_reader.rows():
        if type(row) is dict and (cells := values(row, columns)) is not None:
            line = read(cells)
            if line is not None:
                lines.append(line)
                if len(lines) >= ROWS_PER_BATCH:
                    yield CopyLines("".join(lines), len(lines))
                    lines.clear()
                continue
        if (converted := convert_row(row, row_name=row_name)) is not None:
            yield converted
    if lines:
        yield CopyLines("".join(lines), len(lines))
