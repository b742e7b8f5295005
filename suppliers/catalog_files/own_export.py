"""Own export: write our products in the columns that an import of a staff file reads back."""

from collections.abc import Iterator, Sequence
from itertools import batched

from django.conf import settings
from django.db.models import QuerySet

from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits.fields import BRAND, BulkField, Target
from catalog.bulk_edits.file_fields import (
    MAX_OPTIONS,
    OPTION_NAME,
    OPTION_TEXT,
)
from catalog.models import Product, Variant
from catalog.models.texts import TRANSLATED_LANGUAGES
from suppliers.catalog_files.export import BATCH, option_names
from suppliers.catalog_files.own_columns import (
    HANDLE,
    MULTI_COLUMN,
    REASON,
    SKU,
    OwnColumns,
    is_number,
    option_heading,
    own_export_codes,
)

FIRST = (
    *(SKU, HANDLE, "product.title", BRAND, "product.family", "product.category"),
    "product.status",
)
LANGUAGES = [code for code, _name in settings.LANGUAGES]


class OwnTable:
    """The table of an export: one row per variant, the rows of a product together."""

    def __init__(self, products: "QuerySet[Product]") -> None:
        self._products = products
        self._own = OwnColumns()
        known = {code: heading for heading, code in own_export_codes().items()}
        self._options = option_names(Product.objects.all())
        in_order = dict.fromkeys([*FIRST, *known])
        self._codes = {code: known[code] for code in in_order}

    @property
    def headings(self) -> list[str]:
        own = list(self._codes.values())
        return [*own[: len(FIRST)], *self._option_headings, *own[len(FIRST) :]]

    @property
    def _option_headings(self) -> list[str]:
        return [
            heading
            for name in self._options
            for heading in (
                option_heading(name),
                *(
                    option_heading(name, code, of_name=of_name)
                    for code, _name in TRANSLATED_LANGUAGES
                    for of_name in (False, True)
                ),
            )
        ]

    @property
    def number_headings(self) -> frozenset[str]:
        fields = self._own.fields
        codes = (code for code in self._codes if code in fields and is_number(fields[code]))
        return frozenset(self._codes[code] for code in codes)

    def rows(self) -> Iterator[list[str]]:
        """Yield the headings, then the rows, in bounded memory."""
        yield self.headings
        ids = list(
            Product.objects.filter(pk__in=self._products.order_by().values("pk"))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        for batch in batched(ids, BATCH):
            yield from self._batch(batch)

    def _batch(self, product_ids: Sequence[int]) -> Iterator[list[str]]:
        found = Variant.objects.filter(product__in=product_ids).order_by(
            "product", "position", "pk"
        )
        ids = list(found.values_list("pk", flat=True))
        targets, variants = bulk_fields.load_targets([], ids)
        for pk in ids:
            variant = variants[pk]
            target = targets[variant.product_id]
            target.variant = variant
            yield self._row(target, variant)

    def _row(self, target: Target, variant: Variant) -> list[str]:
        own = [self._cell(code, target, variant) for code in self._codes]
        return [*own[: len(FIRST)], *self._option_cells(target, variant), *own[len(FIRST) :]]

    def _cell(self, code: str, target: Target, variant: Variant) -> str:
        if code == SKU:
            return variant.sku
        if code == HANDLE:
            return target.product.slug
        if code == REASON:
            return ""  # for staff: unchanged values need none
        field, _dot, part = code.rpartition(".")
        if field in MULTI_COLUMN:
            stored = self._own.fields[field].read(target)
            cells: dict[str, str] = MULTI_COLUMN[field].to_cells(stored, LANGUAGES)
            return cells[part]
        each: BulkField = self._own.fields[code]
        return self._own.write(each, each.read(target))

    def _option_cells(self, target: Target, variant: Variant) -> Iterator[str]:
        names = [str(name) for name in target.product.option_names]
        values = [str(value) for value in variant.option_values]
        for name in self._options:
            position = names.index(name) if name in names else len(values)
            yield values[position] if position < len(values) else ""
            for language, _name in TRANSLATED_LANGUAGES:
                for part in (OPTION_TEXT, OPTION_NAME):
                    code = f"{part}.{position}:{language}"
                    each = self._own.fields.get(code) if position < MAX_OPTIONS else None
                    yield str(each.read(target)) if each else ""
