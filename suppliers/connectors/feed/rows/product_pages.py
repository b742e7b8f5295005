"""Make a product of the rows that tell of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from catalog.records import BadRow, ProductRecord, VariantRecord
from suppliers.connectors.feed.rows.mapped import Mapped
from suppliers.connectors.records import ProductPage, StockRecord

BATTERY = re.compile(
    r"\bbatter|recharg|\bli-?(?:ion|po|fepo4)\b|lithium|\bmah\b|\b(?:18|21)\d{3}\b|akku",
    re.IGNORECASE,
)
NOT_WORDS = frozenset({"cost", "stock", "problems", "notes", "updated_at", "is_gone"})


def page(ref: str, rows: Sequence[Mapped]) -> ProductPage:
    """Build a product's page of its rows, one for each SKU and warehouse.

    A row for the parent alone, with neither price nor stock, lends its words and is no variant.
    """
    head = next((row for row in rows if row.title), rows[0])
    sold = [row for row in rows if not _is_heading(row, ref, rows)] or list(rows)
    by_sku: dict[str, list[Mapped]] = {}
    for row in sold:
        by_sku.setdefault(row.sku, []).append(row)
    firsts = [same[0] for same in by_sku.values()]
    names = tuple(dict.fromkeys(name for row in firsts for name in row.options))
    claims = {
        label: said for row in (*reversed(firsts), head) for label, said in row.claims.items()
    }
    return ProductPage(
        ref=ref,
        digest=_digest([_words(row) for row in rows]),
        cost_digest=_digest([[row.sku, row.cost] for row in firsts]),
        record=ProductRecord(
            ref=ref,
            title=head.title,
            brand=_first(rows, "brand"),
            category_path=next((row.category_path for row in rows if row.category_path), ()),
            description_html=_first(rows, "description_html"),
            claims=claims,
            option_names=names,
            has_battery=_has_battery(head, rows),
            hs_code=_first(rows, "hs_code"),
            picture_urls=tuple(dict.fromkeys(url for row in rows for url in row.picture_urls))[:20],
            variants=tuple(_variant(row, names) for row in firsts),
        ),
        problems=tuple(_problems(by_sku)),
        stock=_stock(by_sku),
    )


def _is_heading(row: Mapped, ref: str, rows: Sequence[Mapped]) -> bool:
    is_parent = row.sku == ref and not row.parent and len(rows) > 1
    return is_parent and row.cost is None and not any(level.quantity for level in row.stock or ())


def _variant(row: Mapped, names: Sequence[str]) -> VariantRecord:
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


def _first(rows: Sequence[Mapped], name: str) -> str:
    return next((said for row in rows if (said := str(getattr(row, name)))), "")


def _has_battery(head: Mapped, rows: Sequence[Mapped]) -> bool:
    """Believe him where he says; else look for the words, since what is unsaid travels too."""
    said = [row.has_battery for row in rows if row.has_battery is not None]
    if said:
        return any(said)
    words = (head.title, head.description_html, *head.claims, *head.claims.values())
    return any(BATTERY.search(each) for each in words)


def _stock(by_sku: dict[str, list[Mapped]]) -> tuple[StockRecord, ...] | None:
    told = [level for rows in by_sku.values() for row in rows for level in row.stock or ()]
    return (
        tuple(told) if any(r.stock is not None for rows in by_sku.values() for r in rows) else None
    )


def _problems(by_sku: dict[str, list[Mapped]]) -> list[BadRow]:
    found = []
    for sku, rows in by_sku.items():
        found += [problem for row in rows for problem in row.problems]
        places = [level.location for row in rows for level in row.stock or ()]
        if len(set(places)) < len(places) or (len(rows) > 1 and not places):
            message = "The file has this SKU twice; for its words the first row counts."
            found.append(BadRow(row=sku, code="sku-twice", message=message))
    return found


def _words(row: Mapped) -> list[object]:
    return [getattr(row, name) for name in row.__dataclass_fields__ if name not in NOT_WORDS]


def _digest(value: object) -> str:
    return blake2b(msgspec.json.encode(value), digest_size=16).hexdigest()
