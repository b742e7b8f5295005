"""Product records: describe a product as a supplier reports it, before validation. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from storefront.lib.money import Money
from storefront.lib.text import drop_controls, drop_controls_in

FAILED = "record-failed"  # code of the issue of a record that raised an unexpected exception


class SupplierRecord:
    """Base of records filled by suppliers: strips characters that the database rejects."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, str):
                if not value.isprintable():
                    object.__setattr__(self, name, drop_controls(value))
            elif value and isinstance(value, tuple | list | Mapping):
                object.__setattr__(self, name, drop_controls_in(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportIssue(SupplierRecord):
    """A row that was rejected, in full or in part, and the reason for staff.

    Shape:  ``row`` is the supplier's id of the row, or the position of the row in the response
    """

    row: str
    code: str
    message: str
    is_fatal: bool = True
    raw: Mapping[str, Any] = field(default_factory=dict)


def describe_unexpected(error: Exception) -> str:
    """Return the text for staff of an unexpected exception that concerns one record."""
    return (
        f"An unexpected error stopped the import of this product: {type(error).__name__}:"
        f" {str(error)[:200]}. The log has the details. The next run tries it again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierTerms:
    """The terms on which a supplier sells one SKU. None: not stated.

    Units:  ``map_price`` and ``msrp`` are per unit, as stated; ``lead_days`` from the order until
            the supplier hands the parcel over. ``restock_on`` is the expected restock day, which
            may be in the past
    """

    min_order_units: int | None = None
    pack_size: int | None = None  # sold only in multiples of it
    lead_days: int | None = None
    map_price: Money | None = None  # minimum advertised price
    msrp: Money | None = None  # suggested retail price
    restock_on: date | None = None


NO_SUPPLIER_TERMS = SupplierTerms()


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRecord(SupplierRecord):
    sku: str
    title: str
    option_values: tuple[str, ...] = ()
    cost: Money | None = None
    gtin: str = ""
    mpn: str = ""
    packed_weight_g: int | None = None
    picture_urls: tuple[str, ...] = ()
    terms: SupplierTerms = NO_SUPPLIER_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRecord(SupplierRecord):
    """One product of the supplier with its variants.

    ``claims`` maps the labels of its specification table to their texts, unchanged;
    ``catalog.attributes.normalization`` parses them. ``headings`` maps labels to the supplier's own
    names, if they differ. ``decimal_mark`` is a point or a comma; empty if unknown.
    """

    external_id: str
    title: str
    brand: str
    category_path: tuple[str, ...]
    description_html: str
    claims: Mapping[str, str]
    option_names: tuple[str, ...]
    has_battery: bool
    hs_code: str
    picture_urls: tuple[str, ...]
    variants: tuple[VariantRecord, ...]
    model: str = ""  # the manufacturer's number of the product, for all its versions
    decimal_mark: str = ""
    headings: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
