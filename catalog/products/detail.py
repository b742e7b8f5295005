"""Shop page data: load a product page, the home page, a channel with its categories."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models

from catalog.models import Category, Channel, Spec, Variant
from catalog.models.categories import CONTACT_PARTS, CONTACT_ROLES
from catalog.models.listings import STALE_AFTER
from catalog.pricing.price_reduction import WINDOW, PricePoint, Reduction, current_reduction
from catalog.search import card_index
from catalog.search.cards import ProductCardRow, is_fresh, select_cards
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True)
class ImageView:
    """One stored image; ``stem`` is empty until it is fetched."""

    stem: str
    role: str
    width_px: int | None
    height_px: int | None
    variant_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeView:
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
    restock_on: date | None
    ships_from: Mapping[str, int]
    pictures: tuple[ImageView, ...]
    reduction: Reduction | None = None

    @property
    def price_amount(self) -> Decimal:
        return self.price.amount

    @property
    def lowest_before(self) -> Money | None:
        return Money(self.reduction.lowest, self.price.currency) if self.reduction else None

    @property
    def options_text(self) -> str:
        return " / ".join(self.options)

    def is_available(self, now: datetime) -> bool:
        return self.available > 0 and is_fresh(self.as_of, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """One product page. ``pictures`` are all fetched images, each once."""

    id: int
    slug: str
    title: str
    brand: str
    manufacturer: ContactView
    responsible_person: ContactView
    family: str
    summary: str
    description_html: str
    option_names: tuple[str, ...]
    warranty_months: int | None
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

    def is_available(self, now: datetime) -> bool:
        return any(variant.is_available(now) for variant in self.variants)

    def pictures_of(self, variant: VariantView) -> tuple[ImageView, ...]:
        """Return the images of a variant: its own, then common ones, or all if it has none."""
        others = () if variant.pictures else self.pictures
        common = (picture for picture in self.pictures if picture.variant_id is None)
        return _each_once((*variant.pictures, *common, *others))

    def default_variant(self, now: datetime) -> VariantView:
        """Return the default variant: the cheapest available one, or the cheapest."""
        return min(
            self.variants, key=lambda option: (not option.is_available(now), option.price.amount)
        )


def _each_once(pictures: Iterable[ImageView]) -> tuple[ImageView, ...]:
    by_stem: dict[str, ImageView] = {}
    for picture in pictures:
        by_stem.setdefault(picture.stem, picture)
    return tuple(by_stem.values())


PICKS_PER_CATEGORY = 6


def _columns(model: type[models.Model], table: str) -> list[str]:
    """Return all columns of a model; JSON ones are cast so that the driver parses them."""
    return [
        f"{table}.{column.column}" + ("::json" * isinstance(column, models.JSONField))
        for column in model._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
    ]


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]  # noqa: SLF001


_PRODUCT_COLUMNS = (
    "id", "slug", "title", "family", "summary", "description_html", "option_names::json",
    "warranty_months",
)  # fmt: skip
_PRODUCT = f"""
    SELECT {", ".join(f"product.{name}" for name in _PRODUCT_COLUMNS)}, brand.name,
        {", ".join(f"brand.{role}_{part}" for role in CONTACT_ROLES for part in CONTACT_PARTS)},
        (SELECT json_agg(json_build_array(
            mode.name, mode.kind, mode.output_lm::text, mode.runtime_min, mode.intensity_cd
         ) ORDER BY mode.position) FROM catalog_mode mode WHERE mode.product_id = product.id),
        (SELECT json_agg(json_build_array(
            image.stem, image.role, image.width_px, image.height_px, image.variant_id
         ) ORDER BY image.position, image.id)
         FROM catalog_image image WHERE image.product_id = product.id AND image.stem <> ''),
        {", ".join(_columns(Category, "category"))}, {", ".join(_columns(Spec, "spec"))}
    FROM catalog_product product
    JOIN catalog_brand brand ON brand.id = product.brand_id
    JOIN catalog_category category ON category.id = product.category_id
    LEFT JOIN catalog_spec spec ON spec.product_id = product.id
    WHERE product.slug = %s AND product.status = 'active'
"""  # noqa: S608 - made of column names
_VARIANT_FIELDS = (
    "id", "listing_id", "sku", "color", "status", "weight_g", "packed_weight_g", "lithium",
    "cell_wh", "cell_count", "available", "as_of", "ships_from", "restock_on",
)  # fmt: skip
# The fields above, then price, option values, identifiers, end of the rule and price history.
_VARIANTS = """
    SELECT variant.id, listing.id, variant.sku, variant.color, variant.status, variant.weight_g,
        variant.packed_weight_g, variant.lithium, variant.cell_wh, variant.cell_count,
        listing.available, listing.as_of, listing.ships_from::json, listing.restock_on,
        listing.price_amount, variant.option_values::json,
        (SELECT json_object_agg(name.scheme, CASE name.scheme
            WHEN 'gtin' THEN name.value ELSE name.raw END)
         FROM catalog_identifier name
         WHERE name.variant_id = variant.id AND name.state <> 'conflict'),
        rule.ends_at,
        CASE WHEN rule.is_promotion THEN
            (SELECT json_agg(json_build_array(change.at, change.amount::text,
                coalesce(made_by.is_promotion AND made_by.starts_at = rule.starts_at, false)
             ) ORDER BY change.at, change.id)
             FROM catalog_pricechange change
             LEFT JOIN catalog_pricerule made_by ON made_by.id = change.rule_id
             WHERE change.listing_id = listing.id AND change.at >= coalesce(
                (SELECT max(at) FROM catalog_pricechange
                 WHERE listing_id = listing.id
                   AND at <= rule.starts_at - make_interval(days => %s)), '-infinity'))
        END
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    LEFT JOIN catalog_pricerule rule ON rule.id = listing.rule_id
    WHERE listing.channel_id = %s AND variant.product_id = %s AND listing.is_published
    ORDER BY variant.position, variant.id
"""


def load_product(*, channel: Channel, slug: str, now: datetime) -> ProductView | None:
    """Load a product page in two queries; None if nothing is for sale under that slug.

    Plain SQL: composing these queries per page would cost more than running them.
    """
    with planned_cursor(connection) as cursor:
        cursor.execute(_PRODUCT, [slug.replace("\0", "")])
        if not (row := cursor.fetchone()):
            return None
        own, brand, contacts = row[:8], row[8], row[9:17]
        (modes, pictures), category_and_spec = row[17:19], row[19:]
        cursor.execute(_VARIANTS, [WINDOW.days, channel.pk, own[0]])
        shown = [ImageView(*picture) for picture in pictures or ()]
        rows = cursor.fetchall()
        colors = {values[0]: values[_VARIANT_FIELDS.index("color")] for values in rows}
        variants = [
            _variant(values, currency=channel.currency, pictures=shown, colors=colors, now=now)
            for values in rows
        ]
    buyable = tuple(
        variant
        for variant in variants
        if variant.status != Variant.Status.DISCONTINUED or variant.is_available(now)
    )
    if not buyable:
        return None
    of_category, of_spec = (
        category_and_spec[: len(_names(Category))],
        category_and_spec[len(_names(Category)) :],
    )
    return ProductView(
        id=own[0],
        slug=own[1],
        title=own[2],
        brand=brand,
        manufacturer=ContactView(*contacts[:4]),
        responsible_person=ContactView(*contacts[4:]),
        family=own[3],
        summary=own[4],
        description_html=own[5],
        option_names=tuple(own[6]),
        warranty_months=own[7],
        category=_from_row(Category, of_category),
        spec=_from_row(Spec, of_spec) if of_spec[0] is not None else None,
        modes=tuple(_mode(*mode) for mode in modes or ()),
        pictures=_each_once(shown),
        variants=buyable,
    )


def _from_row[M: models.Model](model: type[M], values: Sequence[Any]) -> M:
    return model.from_db(connection.alias, _names(model), values)


def _mode(
    name: str, kind: str, output_lm: str | None, runtime_min: int | None, intensity_cd: int | None
) -> ModeView:
    return ModeView(
        name=name,
        kind=kind,
        output_lm=None if output_lm is None else Decimal(output_lm),
        runtime_min=runtime_min,
        intensity_cd=intensity_cd,
    )


def _variant(
    values: Sequence[Any],
    *,
    currency: str,
    pictures: Sequence[ImageView],
    colors: Mapping[int, str],
    now: datetime,
) -> VariantView:
    """Return a variant from its row; images of its color count as its own."""
    variant = dict(zip(_VARIANT_FIELDS, values, strict=False))
    amount, options, names, until, points = values[len(_VARIANT_FIELDS) :]
    own = [picture for picture in pictures if picture.variant_id == variant["id"]]
    of_color = [
        picture
        for picture in pictures
        if variant["color"]
        and picture not in own
        and colors.get(picture.variant_id or 0) == variant["color"]
    ]
    names = names or {}
    price_points = [
        PricePoint(datetime.fromisoformat(at), changed and Decimal(changed), is_reduced)
        for at, changed, is_reduced in points or ()
    ]
    return VariantView(
        **variant,
        gtin=names.get("gtin", ""),
        mpn=names.get("mpn", ""),
        options=tuple(str(value) for value in options),
        price=Money(amount, currency),
        pictures=(*own, *of_color),
        reduction=current_reduction(price_points, price=amount, until=until, now=now)
        if price_points
        else None,
    )


_SHOP = f"""
    SELECT {", ".join(_columns(Channel, "channel"))},
        (SELECT json_agg(json_build_array({", ".join(_columns(Category, "category"))})
         ORDER BY category.position, category.id) FROM catalog_category category)
    FROM catalog_channel channel WHERE channel.code = %s
"""  # noqa: S608 - made of column names


SHOP_KEPT_S = 1.0
type _Shop = tuple[Channel, list[Category]]
_shops: dict[str, tuple[float, _Shop]] = {}  # by code; (expiry by the monotonic clock, shop)


def load_channel(code: str) -> tuple[Channel, list[Category]] | None:
    """Load a channel and all categories, which every page needs. Kept for a second; read-only."""
    expires_at, shop = _shops.get(code, (0.0, None))
    if shop is None or expires_at < time.monotonic():
        if (shop := _load_shop(code)) is None:
            return None
        _shops[code] = (time.monotonic() + SHOP_KEPT_S, shop)
    return shop


def _load_shop(code: str) -> _Shop | None:
    with planned_cursor(connection) as cursor:
        cursor.execute(_SHOP, [code])
        if not (row := cursor.fetchone()):
            return None
    *of_channel, categories = row
    return _from_row(Channel, of_channel), [
        _from_row(Category, values) for values in categories or ()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """The home page.

    Shape:  ``picks`` are the best cards by family, from each category; ``categories`` are all of
            them, each with its number of cards
    """

    picks: Mapping[str, tuple[ProductCardRow, ...]]
    categories: tuple[tuple[Category, int], ...]


def load_home(
    *, channel: Channel, categories: Sequence[Category], country: str, now: datetime
) -> HomeView:
    ids: list[int] = []
    counts: list[tuple[Category, int]] = []
    with card_index.locked_index(channel.pk) as index:
        in_stock = index.in_stock(country=country, fresh_since=now - STALE_AFTER)
        for category in categories:
            cards = index.cards_with("category", category.pk)
            counts.append((category, len(cards)))
            ids += index.best(cards & in_stock, size=PICKS_PER_CATEGORY)
    picks: dict[str, list[ProductCardRow]] = {}
    for card in select_cards(ids):
        picks.setdefault(card.family, []).append(card)
    return HomeView(
        picks={family: tuple(chosen) for family, chosen in picks.items()}, categories=tuple(counts)
    )
