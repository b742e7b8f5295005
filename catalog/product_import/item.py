"""Import item: hold a supplier's record with the catalog rows that are written from it."""

from dataclasses import dataclass, field
from typing import Any

from catalog.attributes.normalization import NormalizedProduct
from catalog.custom_attributes.values import Extracted
from catalog.models import Product, Variant
from catalog.records import ProductRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPolicy:
    """How a supplier's data enter the catalog.

    ``new_status`` is the status of a new product. ``holds_changes``: a change of a live product
    waits for staff as a ``ChangeRequest`` (``held_changes`` says which).
    """

    new_status: str = Product.Status.LIVE
    holds_changes: bool = False


APPLY_AT_ONCE = ImportPolicy()


@dataclass(slots=True, kw_only=True)
class ImportItem:
    """One record with its rows; ``changed`` holds the supplier SKUs of changed variants.

    ``is_other_supplier``: another supplier created the product, so this record adds variants only.
    ``held`` holds changes of a live product for staff, as ``ChangeRequest.changes``.
    """

    record: ProductRecord
    enriched: NormalizedProduct
    custom: Extracted = field(default_factory=Extracted)
    product: Product | None = None
    is_other_supplier: bool = False
    variants: dict[str, Variant] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    holds_changes: bool = False
    held: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def row(self) -> Product:
        if self.product is None:
            raise LookupError(f"{self.record.external_id} has no product yet")
        return self.product

    def mark_changed(self) -> None:
        self.changed |= {variant.sku for variant in self.record.variants}
