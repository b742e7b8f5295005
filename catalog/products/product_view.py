"""What the page of one product is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.models import Category, Spec
from catalog.pricing.price_reduction import Reduction
from catalog.search.cards import is_fresh
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True)
class PictureView:
    """One picture of ours; ``stem`` is empty as long as it has not been fetched."""

    stem: str
    role: str
    width_px: int | None
    height_px: int | None
    variant_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeView:
    """One row of the mode table."""

    name: str
    kind: str
    output_lm: Decimal | None
    runtime_min: int | None
    intensity_cd: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """One choice on the product page."""

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
    price: Money
    available: int
    as_of: datetime | None
    ships_from: Mapping[str, int]
    pictures: tuple[PictureView, ...]
    reduction: Reduction | None = None

    @property
    def price_amount(self) -> Decimal:
        return self.price.amount

    @property
    def lowest_before(self) -> Money | None:
        """The lowest price of the 30 days before a reduction that is announced."""
        return Money(self.reduction.lowest, self.price.currency) if self.reduction else None

    @property
    def options_text(self) -> str:
        return " / ".join(self.options)

    def is_available(self, now: datetime) -> bool:
        return self.available > 0 and is_fresh(self.as_of, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """One product page. ``pictures`` are the fetched ones that are of no single variant."""

    id: int
    slug: str
    title: str
    brand: str
    family: str
    summary: str
    description_html: str
    option_names: tuple[str, ...]
    warranty_months: int | None
    category: Category
    spec: Spec | None
    modes: tuple[ModeView, ...]
    pictures: tuple[PictureView, ...]
    variants: tuple[VariantView, ...]

    @property
    def price_from(self) -> Money:
        return min(variant.price for variant in self.variants)

    @property
    def has_more_prices(self) -> bool:
        return len({variant.price for variant in self.variants}) > 1

    def is_available(self, now: datetime) -> bool:
        return any(variant.is_available(now) for variant in self.variants)

    def lead(self, now: datetime) -> VariantView:
        """Return the variant to show first: the cheapest that can be bought, or the cheapest."""
        return min(self.variants, key=lambda each: (not each.is_available(now), each.price.amount))
