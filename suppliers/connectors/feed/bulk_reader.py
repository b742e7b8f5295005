"""Bulk reader: convert the prices and stock of a file to COPY text.

Plain rows take the fast path, all others the converter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

from catalog.records import BadRow
from storefront.lib.http.errors import PermanentError
from suppliers.connectors.bulk import Lines, OfferRow
from suppliers.connectors.feed.formats import delimited
from suppliers.connectors.feed.mapping.spec import Format
from suppliers.connectors.feed.reader import RefOf, Walk
from suppliers.connectors.feed.rows import fast_path
from suppliers.connectors.feed.rows.fast_path import Quick
from suppliers.connectors.records import StockRecord

ROWS_A_PIECE = 2_000

Told = tuple[str, tuple[StockRecord | BadRow, ...]]
Row = dict[str, Any] | BadRow


def offers(walk: Walk, *, ref_of: RefOf) -> Iterator[Lines | OfferRow | BadRow]:
    """Yield the price of each row, plain rows first or last, in no order.

    Raises: PermanentError  the file is broken or too old
    """
    ready = fast_path.offers(walk.mapping, currency=walk.currency, mark=walk.decimal, ref_of=ref_of)

    def careful(row: Row, place: str) -> OfferRow | BadRow | None:
        return walk.offer_of(row, place=place, ref_of=ref_of)

    return _poured(walk, ready, careful)


def stock(walk: Walk, *, ref_of: RefOf) -> Iterator[Lines | Told]:
    """Yield the stock of each row, in no order.

    Raises: PermanentError  the file is broken or too old
    """
    ready = fast_path.stock(walk.mapping, ref_of=ref_of)

    def careful(row: Row, place: str) -> Told | None:
        return walk.stock_of(row, place=place, ref_of=ref_of)

    return _poured(walk, ready, careful)


def _poured[T](
    walk: Walk, ready: Quick | None, careful: Callable[[Row, str], T | None]
) -> Iterator[Lines | T]:
    if ready is None:
        for place, row in walk.rows():
            if (told := careful(row, place)) is not None:
                yield told
        return
    try:
        if walk.file.detected.format in {Format.CSV, Format.TSV}:
            yield from _by_place(walk, ready, careful)
        else:
            yield from _by_name(walk, ready, careful)
    except PermanentError:
        walk.is_whole = False
        raise


def _by_place[T](
    walk: Walk, ready: Quick, careful: Callable[[Row, str], T | None]
) -> Iterator[Lines | T]:
    """Read cells by position, without building a dict per row."""
    found = walk.file.detected
    headers, rows = delimited.cells(
        walk.file.path,
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
                if len(lines) >= ROWS_A_PIECE:
                    yield Lines("".join(lines), len(lines))
                    lines.clear()
                continue
            told = careful(dict(zip(headers, row, strict=False)), f"row {number}")
        elif isinstance(row, BadRow):
            if row.is_fatal:
                bad += 1
                walk.told_bad(bad)
            told = careful(row, f"row {number}")
        if told is not None:
            yield told
    if lines:
        yield Lines("".join(lines), len(lines))


def _by_name[T](
    walk: Walk, ready: Quick, careful: Callable[[Row, str], T | None]
) -> Iterator[Lines | T]:
    read, columns, values = ready.read, ready.columns, fast_path.values
    lines: list[str] = []
    for place, row in walk.rows():
        if type(row) is dict and (cells := values(row, columns)) is not None:
            line = read(cells)
            if line is not None:
                lines.append(line)
                if len(lines) >= ROWS_A_PIECE:
                    yield Lines("".join(lines), len(lines))
                    lines.clear()
                continue
        if (told := careful(row, place)) is not None:
            yield told
    if lines:
        yield Lines("".join(lines), len(lines))
