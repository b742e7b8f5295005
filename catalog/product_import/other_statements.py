"""Other statements: keep what a supplier states of products that another supplier describes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import OtherStatement, Variant
from catalog.models.families import load_families
from catalog.product_import.importer import normalize_records
from catalog.product_import.item import ImportItem
from catalog.records import ProductRecord


@transaction.atomic
def write_statements(
    *,
    records: Sequence[ProductRecord],
    variant_ids: Mapping[str, int],
    source: str,
    now: datetime,
) -> None:
    """Store the values of these records, if they differ from those that are stored.

    Shape:  ``variant_ids`` maps the supplier's SKUs to variants of other suppliers' products
    """
    linked = [
        record
        for record in records
        if any(variant.sku in variant_ids for variant in record.variants)
    ]
    if not linked:
        return
    ids = {*variant_ids.values()}
    product_of = dict(Variant.objects.filter(pk__in=ids).values_list("pk", "product"))
    stated: dict[int, dict[str, Any]] = {}
    items = normalize_records(
        linked,
        source=source,
        definitions=registry.load(),
        families=load_families(),
        issues=[],  # the import reports the issues of a page
    )
    for item in items:
        for variant in item.record.variants:
            if product_id := product_of.get(variant_ids.get(variant.sku, 0)):
                stated.setdefault(product_id, {}).update(_values(item))
    known = {
        row.product_id: row.values
        for row in OtherStatement.objects.filter(supplier_code=source, product__in=stated)
    }
    OtherStatement.objects.bulk_create(
        [
            OtherStatement(product_id=pk, supplier_code=source, values=values, stated_at=now)
            for pk, values in sorted(stated.items())
            if known.get(pk) != values
        ],
        update_conflicts=True,
        unique_fields=["product", "supplier_code"],
        update_fields=["values", "stated_at"],
    )


def _values(item: ImportItem) -> dict[str, Any]:
    columns = {
        name: (line, item.enriched.spec[name]) for name, line in item.enriched.sources.items()
    }
    custom = {
        f"{CUSTOM}{code}": (line, item.custom.values[code])
        for code, line in item.custom.sources.items()
    }
    return {
        name: {"label": line["label"], "raw": line["raw"], "value": _plain(value)}
        for name, (line, value) in {**columns, **custom}.items()
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON returns it."""
    if isinstance(value, list | tuple):
        return [*value]
    return value if isinstance(value, bool | int | str) else f"{value:f}"
