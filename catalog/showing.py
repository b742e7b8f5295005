"""Gather all that a page shows of one product, and of the front of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import JSONObject, RowNumber

from catalog.cards import CardView, card_views, is_fresh
from catalog.models import (
    Card,
    Category,
    Channel,
    Identifier,
    Image,
    Listing,
    Mode,
    Product,
    Spec,
    Variant,
)
from catalog.models.listing import STALE_AFTER
from storefront.lib.money import Money

PICKS_PER_FAMILY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
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


def product(*, channel: Channel, slug: str, now: datetime) -> ProductView | None:
    """Gather a product page in two queries; None if there is nothing to show under that name."""
    of_product = {"product": OuterRef("pk")}
    found = (
        Product.objects.filter(slug=slug, status=Product.Status.ACTIVE)
        .select_related("brand", "category", "spec")
        .annotate(
            mode_rows=_rows(Mode.objects.filter(**of_product), ModeView),
            picture_rows=_rows(Image.objects.filter(**of_product).exclude(stem=""), PictureView),
        )
        .first()
    )
    if found is None:
        return None
    pictures = [PictureView(**row) for row in found.picture_rows]
    variants = _variants(channel=channel, product_id=found.pk, pictures=pictures, now=now)
    if not variants:
        return None
    return ProductView(
        id=found.pk,
        slug=found.slug,
        title=found.title,
        brand=found.brand.name,
        family=found.family,
        summary=found.summary,
        description_html=found.description_html,
        option_names=tuple(found.option_names),
        category=found.category,
        spec=getattr(found, "spec", None),
        modes=tuple(_mode(row) for row in found.mode_rows),
        pictures=tuple(picture for picture in pictures if picture.variant_id is None),
        variants=variants,
    )


def _rows(rows: QuerySet[Any], view: type) -> ArraySubquery:
    """Select rows of a child table as an array of JSON objects, in their order."""
    names = {column.name: F(column.name) for column in fields(view)}
    return ArraySubquery(rows.order_by("position", "pk").values(row=JSONObject(**names)))


def _mode(row: Mapping[str, Any]) -> ModeView:
    output_lm = row["output_lm"]
    known = None if output_lm is None else Decimal(str(output_lm))
    return ModeView(**{**row, "output_lm": known})


def _variants(
    *, channel: Channel, product_id: int, pictures: list[PictureView], now: datetime
) -> tuple[VariantView, ...]:
    listings = (
        Listing.objects.on(channel)
        .published()
        .filter(variant__product=product_id)
        .select_related("variant")
        .annotate(
            names=ArraySubquery(
                Identifier.objects.filter(variant=OuterRef("variant"))
                .exclude(state=Identifier.State.CONFLICT)
                .order_by("pk")
                .values(row=JSONObject(scheme=F("scheme"), value=F("value"), raw=F("raw")))
            )
        )
        .order_by("variant__position", "variant_id")
    )
    variants = [
        _variant(listing, currency=channel.currency, pictures=pictures) for listing in listings
    ]
    return tuple(
        variant
        for variant in variants
        if variant.status != Variant.Status.DISCONTINUED or variant.is_available(now)
    )


def _variant(listing: Listing, *, currency: str, pictures: list[PictureView]) -> VariantView:
    variant = listing.variant
    names = {row["scheme"]: row for row in listing.names}  # type: ignore[attr-defined]
    return VariantView(
        id=variant.pk,
        listing_id=listing.pk,
        sku=variant.sku,
        gtin=names.get("gtin", {}).get("value", ""),
        mpn=names.get("mpn", {}).get("raw", ""),
        options=tuple(str(value) for value in variant.option_values),
        color=variant.color,
        status=variant.status,
        weight_g=variant.weight_g,
        packed_weight_g=variant.packed_weight_g,
        lithium=variant.lithium,
        cell_wh=variant.cell_wh,
        cell_count=variant.cell_count,
        price=Money(listing.price_amount or Decimal(0), currency),
        available=listing.available,
        as_of=listing.as_of,
        ships_from=listing.ships_from,
        pictures=tuple(picture for picture in pictures if picture.variant_id == variant.pk),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """The front of the shop. ``picks`` are the best cards of each family that has any."""

    picks: Mapping[str, tuple[CardView, ...]]
    categories: tuple[tuple[Category, int], ...]  # each with how many products it holds


def home(*, channel: Channel, now: datetime) -> HomeView:
    """Gather the home page in two queries."""
    best = Card.objects.filter(
        channel=channel, available__gt=0, as_of__gte=now - STALE_AFTER
    ).annotate(
        place=Window(
            RowNumber(), partition_by=[F("family")], order_by=[F("score").desc(), F("id").asc()]
        )
    )
    picks: dict[str, list[CardView]] = {}
    for card in card_views(best.filter(place__lte=PICKS_PER_FAMILY).order_by("family", "place")):
        picks.setdefault(card.family, []).append(card)
    on_channel = Count("cards", filter=Q(cards__channel=channel))
    categories = Category.objects.order_by("position", "pk").annotate(card_count=on_channel)
    return HomeView(
        picks={family: tuple(cards) for family, cards in picks.items()},
        categories=tuple((category, category.card_count) for category in categories),
    )
