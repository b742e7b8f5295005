"""Product page data: load one product with its variants, prices and stock."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.attributes.batteries import un_number
from catalog.models import Category, Channel, Spec, Variant
from catalog.models.categories import CONTACT_PARTS, CONTACT_ROLES
from catalog.pricing.price_reduction import WINDOW, PricePoint, Reduction, current_reduction
from catalog.search.cards import is_fresh
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.raw_rows import column_names, columns_of, from_text_row, hashable_row
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

    Shape:  ``pictures`` are all fetched images, each once; two views that differ only in price,
            stock and their times have the same ``content`` object
    """

    content: object
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
    warranty_months: int | None
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


_PRODUCT_COLUMNS = (
    "id", "slug", "title", "family", "summary", "description_html", "option_names::text",
    "warranty_months", "titles::text", "safety_warnings::text",
)  # fmt: skip
_PRODUCT = f"""
    SELECT {", ".join(f"product.{name}" for name in _PRODUCT_COLUMNS)}, brand.name,
        {", ".join(f"brand.{role}_{part}" for role in CONTACT_ROLES for part in CONTACT_PARTS)},
        (SELECT json_agg(json_build_array(
            mode.name, mode.kind, mode.output_lm::text, mode.runtime_min, mode.intensity_cd
         ) ORDER BY mode.position)::text FROM catalog_mode mode WHERE mode.product_id = product.id),
        (SELECT json_agg(json_build_array(
            image.stem, image.role, image.width_px, image.height_px, image.variant_id,
            image.alt_texts
         ) ORDER BY image.position, image.id)::text
         FROM catalog_image image WHERE image.product_id = product.id AND image.stem <> ''),
        (SELECT json_object_agg(
            written.language, json_build_array(written.summary, written.description_html)
         )::text FROM catalog_producttext written
         WHERE written.product_id = product.id
           AND (written.summary <> '' OR written.description_html <> '')),
        (SELECT json_agg(json_build_array(
            document.id, document.kind, document.language
         ) ORDER BY document.kind, document.language, document.id)::text
         FROM catalog_productdocument document
         WHERE document.product_id = product.id AND document.is_public
           AND (document.valid_until IS NULL OR document.valid_until >= %s)),
        {", ".join(columns_of(Category, "category", "text"))},
        {", ".join(columns_of(Spec, "spec", "text"))}
    FROM catalog_product product
    JOIN catalog_brand brand ON brand.id = product.brand_id
    JOIN catalog_category category ON category.id = product.category_id
    LEFT JOIN catalog_spec spec ON spec.product_id = product.id
    WHERE product.slug = %s AND product.status = 'live'
"""  # noqa: S608 - made of column names
_VARIANTS = """
    SELECT variant.id, listing.id, variant.sku, variant.color, variant.status, variant.weight_g,
        variant.packed_weight_g, variant.lithium, variant.cell_wh, variant.cell_count,
        variant.option_values::text, variant.hs_code, variant.origin_country,
        (SELECT json_object_agg(name.scheme, CASE name.scheme
            WHEN 'gtin' THEN name.value ELSE name.raw END)::text
         FROM catalog_identifier name
         WHERE name.variant_id = variant.id AND name.state <> 'conflict'),
        listing.price_amount, listing.available, listing.as_of, listing.restock_on,
        listing.ships_from::json, rule.ends_at,
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
_CONTENT_COLUMNS = 14  # of a variant; price and stock follow


def load_product(*, channel: Channel, slug: str, now: datetime) -> ProductView | None:
    """Load a product page in two queries; None if nothing is for sale under that slug.

    Plain SQL: composing the queries would cost more than running them. ``_content`` is cached.
    """
    with planned_cursor(connection) as cursor:
        cursor.execute(_PRODUCT, [timezone.localdate(now), slug.replace("\0", "")])
        if not (row := cursor.fetchone()):
            return None
        cursor.execute(_VARIANTS, [WINDOW.days, channel.pk, row[0]])
        rows = cursor.fetchall()
    content = _content(hashable_row(row), tuple(tuple(each[:_CONTENT_COLUMNS]) for each in rows))
    variants = (
        _variant(fixed, each[_CONTENT_COLUMNS:], currency=channel.currency, now=now)
        for fixed, each in zip(content.variants, rows, strict=True)
    )
    buyable = tuple(
        variant
        for variant in variants
        if variant.status != Variant.Status.PHASING_OUT or variant.is_available(now)
    )
    return ProductView(content=content, variants=buyable, **content.product) if buyable else None


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """Values of a product and its variants, by name, without price and stock."""

    product: Mapping[str, Any]
    variants: Sequence[Mapping[str, Any]]


@lru_cache(maxsize=256)
def _content(row: tuple[Any, ...], variant_rows: tuple[tuple[Any, ...], ...]) -> _Content:
    """Parse the rows of the two queries. The same rows give the same object.

    Shared by requests and threads: do not change.
    """
    own, brand, contacts = row[:10], row[10], row[11:19]
    modes, images, texts, documents = row[19:23]
    of_category = row[23 : 23 + len(column_names(Category))]
    of_spec = row[23 + len(column_names(Category)) :]
    shown = [ImageView(*image) for image in json.loads(images or "[]")]
    colors = {values[0]: values[3] for values in variant_rows}
    spec = from_text_row(Spec, of_spec) if of_spec[0] is not None else None
    product = {
        "id": own[0],
        "slug": own[1],
        "title": own[2],
        "titles": json.loads(own[8]),
        "texts": {
            settings.LANGUAGE_CODE: TextView(own[4], own[5]),
            **{code: TextView(*parts) for code, parts in json.loads(texts or "{}").items()},
        },
        "brand": brand,
        "manufacturer": ContactView(*contacts[:4]),
        "responsible_person": ContactView(*contacts[4:]),
        "family": own[3],
        "option_names": tuple(json.loads(own[6])),
        "warranty_months": own[7],
        "safety_warnings": json.loads(own[9]),
        "documents": tuple(DocumentView(*each) for each in json.loads(documents or "[]")),
        "category": from_text_row(Category, of_category),
        "spec": spec,
        "modes": tuple(_mode(*mode) for mode in json.loads(modes or "[]")),
        "pictures": _each_once(shown),
    }
    return _Content(
        product,
        [
            _variant_content(values, images=shown, colors=colors, spec=spec)
            for values in variant_rows
        ],
    )


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


def _variant_content(
    values: Sequence[Any],
    *,
    images: Sequence[ImageView],
    colors: Mapping[int, str],
    spec: Spec | None,
) -> dict[str, Any]:
    """Return the values of a variant; images of its color count as its own."""
    variant_id, color = values[0], values[3]
    own = [image for image in images if image.variant_id == variant_id]
    of_color = [
        image
        for image in images
        if color and image not in own and colors.get(image.variant_id or 0) == color
    ]
    identifiers: Mapping[str, str] = json.loads(values[13] or "{}")
    return {
        "id": variant_id,
        "listing_id": values[1],
        "sku": values[2],
        "gtin": identifiers.get("gtin", ""),
        "mpn": identifiers.get("mpn", ""),
        "options": tuple(str(value) for value in json.loads(values[10])),
        "color": color,
        "status": values[4],
        "weight_g": values[5],
        "packed_weight_g": values[6],
        "lithium": values[7],
        "cell_wh": values[8],
        "cell_count": values[9],
        "hs_code": values[11],
        "origin_country": values[12],
        "un_number": un_number(lithium=values[7], chemistry=spec.battery_chemistry if spec else ""),
        "pictures": (*own, *of_color),
    }


def _variant(
    content: Mapping[str, Any], offered: Sequence[Any], *, currency: str, now: datetime
) -> VariantView:
    price, available, as_of, restock_on, ships_from, rule_ends_at, changes = offered
    price_points = [
        PricePoint(datetime.fromisoformat(at), amount and Decimal(amount), is_reduced)
        for at, amount, is_reduced in changes or ()
    ]
    return VariantView(
        **content,
        price=Money(price, currency),
        available=available,
        as_of=as_of,
        restock_on=restock_on,
        ships_from=ships_from,
        reduction=current_reduction(price_points, price=price, until=rule_ends_at, now=now)
        if price_points
        else None,
    )
