"""Feed product pages: group the rows of each product on disk, build a page from them.

A file may have the variants of one product far apart.
"""

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import batched, groupby
from operator import itemgetter
from pathlib import Path

import msgspec

from catalog.attributes.spec_table import NO_HEADINGS
from catalog.records import ImportIssue, ProductRecord, VariantRecord
from suppliers.connectors.feed.rows.converter import ConvertedRow
from suppliers.connectors.records import ProductDetail, StockReport

BATCH = 2_000
MAX_ROWS_PER_PRODUCT = 500
PRAGMAS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4000;
PRAGMA temp_store = FILE;
"""


class RowGroups:
    """A file's rows on disk, by product, in the order of the file."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._database = sqlite3.connect(path)
        self._database.executescript(
            PRAGMAS + "CREATE TABLE rows (external_id TEXT, sku TEXT, content BLOB);"
        )
        self._write = msgspec.msgpack.Encoder().encode
        self._read = msgspec.msgpack.Decoder(ConvertedRow).decode

    def fill(self, rows: Iterable[ConvertedRow]) -> None:
        stored_rows = ((row.parent or row.sku, row.sku, self._write(row)) for row in rows)
        for batch in batched(stored_rows, BATCH):
            self._database.executemany("INSERT INTO rows VALUES (?, ?, ?)", batch)
        self._database.commit()
        self._database.execute("CREATE INDEX by_ref ON rows (external_id)")

    def products(self) -> Iterator[tuple[str, list[ConvertedRow]]]:
        stored_rows = self._database.execute(
            "SELECT external_id, content FROM rows ORDER BY external_id, rowid"
        )
        for external_id, group in groupby(stored_rows, key=itemgetter(0)):
            rows = [
                self._read(content)
                for _, (_, content) in zip(range(MAX_ROWS_PER_PRODUCT), group, strict=False)
            ]
            yield external_id, rows

    def close(self) -> None:
        self._database.close()


class DuplicateIndex:
    """SKUs that occurred before, on disk, to detect duplicates."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            PRAGMAS + "CREATE TABLE seen (folded TEXT PRIMARY KEY, sku TEXT) WITHOUT ROWID; BEGIN;"
        )

    def find_confusable(self, sku: str) -> str:
        """Store a SKU; return an earlier one that could be confused with it, else empty."""
        folded = sku.casefold()
        try:
            self._database.execute("INSERT INTO seen VALUES (?, ?)", (folded, sku))
        except sqlite3.IntegrityError:
            earlier = self._database.execute("SELECT sku FROM seen WHERE folded = ?", (folded,))
            return str(earlier.fetchone()[0])
        return ""

    def close(self) -> None:
        self._database.close()


class ProductIndex:
    """The product of each SKU, for files without a column for the product."""

    def __init__(self, path: Path, pairs: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """Open the index at ``path``; build it from ``pairs`` if it is missing."""
        if not path.exists():
            new_path = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            database = sqlite3.connect(new_path)
            database.executescript(
                PRAGMAS
                + "CREATE TABLE external_ids (sku TEXT PRIMARY KEY, external_id TEXT) WITHOUT ROWID;"
            )
            for batch in batched(pairs(), BATCH):
                database.executemany("INSERT OR IGNORE INTO external_ids VALUES (?, ?)", batch)
            database.commit()
            database.close()
            new_path.replace(path)
        self._database = sqlite3.connect(path)

    def of(self, sku: str) -> str:
        row = self._database.execute(
            "SELECT external_id FROM external_ids WHERE sku = ?", (sku,)
        ).fetchone()
        return str(row[0]) if row else sku

    def close(self) -> None:
        self._database.close()


BATTERY = re.compile(
    r"\bbatter|recharg|\bli-?(?:ion|po|fepo4)\b|lithium|\bmah\b|\b(?:18|21)\d{3}\b|akku",
    re.IGNORECASE,
)
NON_TEXT_FIELDS = frozenset({"cost", "stock", "problems", "notes", "updated_at", "is_gone"})


def build_detail(
    external_id: str,
    rows: Sequence[ConvertedRow],
    *,
    mark: str = "",
    headings: Mapping[str, str] = NO_HEADINGS,
) -> ProductDetail:
    """Build a product's page from its rows, one per SKU and location.

    ``mark`` is the decimal separator of its specification; empty if unknown. ``headings`` are the
    columns of its labels.

    The parent's own row, if it has neither cost nor stock, adds its texts but is no variant.
    """
    head = next((row for row in rows if row.title), rows[0])
    variant_rows = [row for row in rows if not _is_heading(row, external_id, rows)] or list(rows)
    by_sku: dict[str, list[ConvertedRow]] = {}
    for row in variant_rows:
        by_sku.setdefault(row.sku, []).append(row)
    first_rows = [sku_rows[0] for sku_rows in by_sku.values()]
    names = tuple(dict.fromkeys(name for row in first_rows for name in row.options))
    claims = {
        label: value for row in (*reversed(first_rows), head) for label, value in row.claims.items()
    }
    return ProductDetail(
        external_id=external_id,
        digest=_digest([*([mark] if mark else []), *(_texts(row) for row in rows)]),
        cost_digest=_digest([[row.sku, row.cost] for row in first_rows]),
        record=ProductRecord(
            external_id=external_id,
            title=head.title,
            brand=_first(rows, "brand"),
            category_path=next((row.category_path for row in rows if row.category_path), ()),
            description_html=_first(rows, "description_html"),
            claims=claims,
            decimal_mark=mark,
            headings={label: column for label, column in headings.items() if label in claims},
            option_names=names,
            has_battery=_has_battery(head, rows),
            hs_code=_first(rows, "hs_code"),
            picture_urls=tuple(dict.fromkeys(url for row in rows for url in row.picture_urls))[:20],
            variants=tuple(_variant(row, names) for row in first_rows),
        ),
        problems=tuple(_problems(by_sku)),
        stock=_stock(by_sku),
    )


def _is_heading(row: ConvertedRow, external_id: str, rows: Sequence[ConvertedRow]) -> bool:
    is_parent = row.sku == external_id and not row.parent and len(rows) > 1
    return is_parent and row.cost is None and not any(level.quantity for level in row.stock or ())


def _variant(row: ConvertedRow, names: Sequence[str]) -> VariantRecord:
    return VariantRecord(
        sku=row.sku,
        title=row.title,
        option_values=tuple(row.options.get(name, "") for name in names),
        cost=row.cost,
        gtin=row.gtin,
        mpn=row.mpn,
        packed_weight_g=row.weight_g,
        picture_urls=row.picture_urls,
        terms=row.terms,
    )


def _first(rows: Sequence[ConvertedRow], name: str) -> str:
    return next((text for row in rows if (text := str(getattr(row, name)))), "")


def _has_battery(head: ConvertedRow, rows: Sequence[ConvertedRow]) -> bool:
    """Return whether there is a battery, as the rows state it, else as the texts suggest."""
    stated = [row.has_battery for row in rows if row.has_battery is not None]
    if stated:
        return any(stated)
    texts = (head.title, head.description_html, *head.claims, *head.claims.values())
    return any(BATTERY.search(text) for text in texts)


def _stock(by_sku: dict[str, list[ConvertedRow]]) -> tuple[StockReport, ...] | None:
    levels = [level for rows in by_sku.values() for row in rows for level in row.stock or ()]
    return (
        tuple(levels)
        if any(r.stock is not None for rows in by_sku.values() for r in rows)
        else None
    )


def _problems(by_sku: dict[str, list[ConvertedRow]]) -> list[ImportIssue]:
    problems = []
    for sku, rows in by_sku.items():
        problems += [problem for row in rows for problem in row.problems]
        locations = [level.location for row in rows for level in row.stock or ()]
        if len(set(locations)) < len(locations) or (len(rows) > 1 and not locations):
            message = "The file contains this SKU twice. The first row applies to its texts."
            problems.append(ImportIssue(row=sku, code="sku-twice", message=message))
    return problems


def _texts(row: ConvertedRow) -> list[object]:
    return [getattr(row, name) for name in row.__dataclass_fields__ if name not in NON_TEXT_FIELDS]


def _digest(value: object) -> str:
    return blake2b(msgspec.json.encode(value), digest_size=16).hexdigest()
