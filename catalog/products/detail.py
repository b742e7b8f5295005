"""Product page data: hold a product with its variants, prices and stock; load guarantees."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings

from catalog.models import Category, ProductGuarantee, Spec
from catalog.pricing.price_reduction import Reduction
from catalog.search.cards import is_fresh
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True)
class ImageView:
    """One stored image; ``stem`` names its files."""

    stem: str
    role: str
    width_px: int | None
    height_px: int | None
    variant_id: int | None
    alt_texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextView:
    """The texts of a product in one language. ``is_shown_in_english``: they are not translated."""

    summary: str
    description_html: str
    is_shown_in_english: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeView:
    """One row of the mode table."""

    name: str
    kind: str
    output_lm: Decimal | None
    runtime_min: int | None
    intensity_cd: int | None


@dataclass(frozen=True, slots=True)
class ContactView:
    """A manufacturer, or its responsible person in the EU; ``name`` is empty if unknown."""

    name: str
    address: str
    country: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """One variant on the product page."""

    id: int
    listing_id: int
    sku: str
    gtin: str
    mpn: str
    options: tuple[str, ...]
    color: str
    status: str
    weight_g: int | None
    packed_weight_g: int | None
    lithium: str
    cell_wh: Decimal | None
    cell_count: int
    hs_code: str
    origin_country: str
    un_number: str
    price: Money
    available: int
    as_of: datetime | None
    restock_on: date | None
    ships_from: Mapping[str, int]
    pictures: tuple[ImageView, ...]
    stock: str | None = None
    reduction: Reduction | None = None

    @property
    def price_amount(self) -> Decimal:
        return self.price.amount

    @property
    def lowest_before(self) -> Money | None:
        """The lowest price of the 30 days before an announced reduction."""
        return Money(self.reduction.lowest, self.price.currency) if self.reduction else None

    @property
    def options_text(self) -> str:
        return " / ".join(self.options)

    def is_available(self, now: datetime) -> bool:
        return self.available > 0 and is_fresh(self.as_of, now=now)


class DocumentView(NamedTuple):
    """A document that customers may download."""

    id: int
    kind: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """One product page.

    Shape:  ``pictures`` are all fetched images, each once; views that differ only in price, stock
            and their times share ``memo``, for what depends on neither
    """

    memo: dict[Hashable, Any]
    id: int
    slug: str
    title: str
    titles: Mapping[str, str]
    texts: Mapping[str, TextView]
    brand: str
    manufacturer: ContactView
    responsible_person: ContactView
    family: str
    option_names: tuple[str, ...]
    guarantee_months: int | None
    safety_warnings: Mapping[str, str]
    documents: tuple[DocumentView, ...]
    category: Category
    spec: Spec | None
    modes: tuple[ModeView, ...]
    pictures: tuple[ImageView, ...]
    variants: tuple[VariantView, ...]

    @property
    def price_from(self) -> Money:
        return min(variant.price for variant in self.variants)

    @property
    def has_more_prices(self) -> bool:
        return len({variant.price for variant in self.variants}) > 1

    @property
    def summary(self) -> str:
        return self.texts[settings.LANGUAGE_CODE].summary

    @property
    def description_html(self) -> str:
        return self.texts[settings.LANGUAGE_CODE].description_html

    def text_in(self, language: str) -> TextView:
        """Return the texts in a language, else in the base language."""
        base = self.texts[settings.LANGUAGE_CODE]
        return self.texts.get(language) or replace(base, is_shown_in_english=True)

    def is_available(self, now: datetime) -> bool:
        return any(variant.is_available(now) for variant in self.variants)

    def pictures_of(self, variant: VariantView) -> tuple[ImageView, ...]:
        """Return a variant's own images, then the common ones; without own images, then all."""
        others = () if variant.pictures else self.pictures
        common = (picture for picture in self.pictures if picture.variant_id is None)
        return each_once((*variant.pictures, *common, *others))

    def default_variant(self, now: datetime) -> VariantView:
        """Return the default variant: the cheapest available one, or the cheapest."""
        return min(
            self.variants, key=lambda option: (not option.is_available(now), option.price.amount)
        )


def each_once(pictures: Iterable[ImageView]) -> tuple[ImageView, ...]:
    by_stem: dict[str, ImageView] = {}
    for picture in pictures:
        by_stem.setdefault(picture.stem, picture)
    return tuple(by_stem.values())


def load_guarantees(product_ids: Collection[int]) -> list[ProductGuarantee]:
    """Return the guarantees of products. To save the query, pass those with ``guarantee_months``."""
    if not product_ids:
        return []
    rows = ProductGuarantee.objects.filter(product__in=product_ids).select_related("product__brand")
    return list(rows.order_by("product"))
