"""Product page query: read prices, stock and row versions; read rows again only if they changed."""

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.attributes.batteries import un_number
from catalog.models import Category, Channel, Spec, Variant
from catalog.models.categories import CONTACT_PARTS, CONTACT_ROLES
from catalog.pricing.price_reduction import WINDOW, PricePoint, current_reduction
from catalog.products.detail import (
    ContactView,
    DocumentView,
    ImageView,
    ModeView,
    ProductView,
    TextView,
    VariantView,
    each_once,
)
from storefront.lib.db.prepared_queries import raw_cursor
from storefront.lib.db.raw_rows import column_names, columns_of, from_text_row
from storefront.lib.money import Money


def _version(row: str) -> str:
    """Return SQL for what identifies a row's version: an update or a new row changes it.

    ``xmin`` is the transaction that wrote the version; ``ctid``, its place, distinguishes the
    versions of one transaction.
    """
    return f"{row}.xmin || ' ' || {row}.ctid::text"


def _versions(table: str, row: str, condition: str) -> str:
    return f"(SELECT string_agg({_version(row)}, ',') FROM {table} {row} WHERE {condition})"  # noqa: S608 - our own names


_IS_DOCUMENT_SHOWN = (
    "document.product_id = product.id AND document.is_public"
    " AND (document.valid_until IS NULL OR document.valid_until >= $1)"
)
# Each table that ``_PRODUCT`` and ``_VARIANTS`` read has its versions here.
_LISTINGS = f"""
    WITH product AS MATERIALIZED (
        SELECT product.id, row(
            {", ".join(_version(row) for row in ("product", "brand", "category", "spec"))},
            {_versions("catalog_mode", "mode", "mode.product_id = product.id")},
            {_versions("catalog_image", "image", "image.product_id = product.id")},
            {_versions("catalog_producttext", "written", "written.product_id = product.id")},
            {_versions("catalog_productdocument", "document", _IS_DOCUMENT_SHOWN)}
        )::text AS version
        FROM catalog_product product
        JOIN catalog_brand brand ON brand.id = product.brand_id
        JOIN catalog_category category ON category.id = product.category_id
        LEFT JOIN catalog_spec spec ON spec.product_id = product.id
        WHERE product.slug = $2 AND product.status = 'live'
    )
    SELECT product.id, product.version, variant.id, {_version("variant")},
        {_versions("catalog_identifier", "name", "name.variant_id = variant.id")},
        listing.id, listing.price_amount, listing.available, listing.as_of, listing.restock_on,
        listing.ships_from::json, {{stock}}, rule.ends_at,
        CASE WHEN rule.is_promotion THEN
            (SELECT json_agg(json_build_array(change.at, change.amount::text,
                coalesce(made_by.is_promotion AND made_by.starts_at = rule.starts_at, false)
             ) ORDER BY change.at, change.id)
             FROM catalog_pricechange change
             LEFT JOIN catalog_pricerule made_by ON made_by.id = change.rule_id
             WHERE change.listing_id = listing.id AND change.at >= coalesce(
                (SELECT max(at) FROM catalog_pricechange
                 WHERE listing_id = listing.id
                   AND at <= rule.starts_at - make_interval(days => $4)), '-infinity'))
        END
    FROM product
    JOIN catalog_variant variant ON variant.product_id = product.id
    JOIN catalog_listing listing ON listing.variant_id = variant.id
        AND listing.channel_id = $3 AND listing.is_published
    LEFT JOIN catalog_pricerule rule ON rule.id = listing.rule_id
    ORDER BY variant.position, variant.id
"""  # noqa: S608 - our own names
_PRODUCT_COLUMNS = (
    "id", "slug", "title", "family", "summary", "description_html", "option_names::text",
    "guarantee_months", "titles::text", "safety_warnings::text",
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
         FROM catalog_productdocument document WHERE {_IS_DOCUMENT_SHOWN}),
        {", ".join(columns_of(Category, "category", "text"))},
        {", ".join(columns_of(Spec, "spec", "text"))}
    FROM catalog_product product
    JOIN catalog_brand brand ON brand.id = product.brand_id
    JOIN catalog_category category ON category.id = product.category_id
    LEFT JOIN catalog_spec spec ON spec.product_id = product.id
    WHERE product.id = $2
"""  # noqa: S608 - made of column names
_VARIANTS = """
    SELECT variant.id, variant.sku, variant.color, variant.status, variant.weight_g,
        variant.packed_weight_g, variant.lithium, variant.cell_wh, variant.cell_count,
        variant.option_values::text, variant.hs_code, variant.origin_country,
        (SELECT json_object_agg(name.scheme, CASE name.scheme
            WHEN 'gtin' THEN name.value ELSE name.raw END)::text
         FROM catalog_identifier name
         WHERE name.variant_id = variant.id AND name.state <> 'conflict')
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    WHERE listing.channel_id = $1 AND variant.product_id = $2 AND listing.is_published
"""
_VERSION_COLUMNS = 5  # of a row of ``_LISTINGS``; price and stock follow


def load_product(
    *, channel: Channel, slug: str, now: datetime, stock_column: str = ""
) -> ProductView | None:
    """Load a product page; None if nothing is for sale under that slug.

    One query reads prices, stock and the versions of all other rows of the page; two more read
    these rows, only if a version is new to this process.
    ``stock_column`` is SQL for ``VariantView.stock``, in which ``variant`` is the table and ``$5``
    is ``now``.
    """
    today = timezone.localdate(now)
    values = [today, slug.replace("\0", ""), channel.pk, WINDOW.days]
    with raw_cursor(connection) as cursor:
        cursor.execute(_listings(stock_column), [*values, now] if stock_column else values)
        rows = cursor.fetchall()
    if not rows:
        return None
    versions = tuple(row[1:_VERSION_COLUMNS] for row in rows)
    content = _content(rows[0][0], channel.pk, today, versions)
    variants = (
        _variant(fixed, row[_VERSION_COLUMNS:], currency=channel.currency, now=now)
        for row in rows
        if (fixed := content.variants.get(row[2]))
    )
    buyable = tuple(
        variant
        for variant in variants
        if variant.status != Variant.Status.PHASING_OUT or variant.is_available(now)
    )
    return ProductView(memo=content.memo, variants=buyable, **content.product) if buyable else None


@cache
def _listings(stock_column: str) -> str:
    return _LISTINGS.format(stock=stock_column or "NULL")


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """Values of a product and its variants, by name, without price and stock."""

    product: Mapping[str, Any]
    variants: Mapping[int, Mapping[str, Any]]
    memo: dict[Hashable, Any] = field(default_factory=dict)


@lru_cache(maxsize=256)
def _content(
    product_id: int,
    channel_id: int,
    today: date,
    _row_versions: tuple[tuple[Any, ...], ...],
) -> _Content:
    """Read and parse the rows of a product, once for each of their versions.

    Shared by requests and threads: do not change.
    """
    with raw_cursor(connection) as cursor:
        cursor.execute(_PRODUCT, [today, product_id])
        if not (row := cursor.fetchone()):  # deleted since
            return _Content({}, {})
        cursor.execute(_VARIANTS, [channel_id, product_id])
        variant_rows = cursor.fetchall()
    own, brand, contacts = row[:10], row[10], row[11:19]
    modes, images, texts, documents = row[19:23]
    of_category = row[23 : 23 + len(column_names(Category))]
    of_spec = row[23 + len(column_names(Category)) :]
    titles = json.loads(own[8])
    shown = [ImageView(*image) for image in json.loads(images or "[]")]
    colors = {values[0]: values[2] for values in variant_rows}
    spec = from_text_row(Spec, of_spec) if of_spec[0] is not None else None
    product = {
        "id": own[0],
        "slug": own[1],
        "title": titles.get(settings.LANGUAGE_CODE) or own[2],
        "titles": titles,
        "texts": {
            settings.LANGUAGE_CODE: TextView(own[4], own[5]),
            **{code: TextView(*parts) for code, parts in json.loads(texts or "{}").items()},
        },
        "brand": brand,
        "manufacturer": ContactView(*contacts[:4]),
        "responsible_person": ContactView(*contacts[4:]),
        "family": own[3],
        "option_names": tuple(json.loads(own[6])),
        "guarantee_months": own[7],
        "safety_warnings": json.loads(own[9]),
        "documents": tuple(DocumentView(*each) for each in json.loads(documents or "[]")),
        "category": from_text_row(Category, of_category),
        "spec": spec,
        "modes": tuple(_mode(*mode) for mode in json.loads(modes or "[]")),
        "pictures": each_once(shown),
    }
    return _Content(
        product,
        {
            values[0]: _variant_content(values, images=shown, colors=colors, spec=spec)
            for values in variant_rows
        },
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
    variant_id, color = values[0], values[2]
    own = [image for image in images if image.variant_id == variant_id]
    of_color = [
        image
        for image in images
        if color and image not in own and colors.get(image.variant_id or 0) == color
    ]
    identifiers: Mapping[str, str] = json.loads(values[12] or "{}")
    return {
        "id": variant_id,
        "sku": values[1],
        "gtin": identifiers.get("gtin", ""),
        "mpn": identifiers.get("mpn", ""),
        "options": tuple(str(value) for value in json.loads(values[9])),
        "color": color,
        "status": values[3],
        "weight_g": values[4],
        "packed_weight_g": values[5],
        "lithium": values[6],
        "cell_wh": values[7],
        "cell_count": values[8],
        "hs_code": values[10],
        "origin_country": values[11],
        "un_number": un_number(lithium=values[6], chemistry=spec.battery_chemistry if spec else ""),
        "pictures": (*own, *of_color),
    }


def _variant(
    content: Mapping[str, Any], offered: Sequence[Any], *, currency: str, now: datetime
) -> VariantView:
    listing_id, price, available, as_of, restock_on, ships_from, stock, ends_at, changes = offered
    price_points = [
        PricePoint(datetime.fromisoformat(at), amount and Decimal(amount), is_reduced)
        for at, amount, is_reduced in changes or ()
    ]
    return VariantView(
        **content,
        listing_id=listing_id,
        price=Money(price, currency),
        available=available,
        as_of=as_of,
        restock_on=restock_on,
        ships_from=ships_from,
        stock=stock,
        reduction=current_reduction(price_points, price=price, until=ends_at, now=now)
        if price_points
        else None,
    )
