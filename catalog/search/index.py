"""Search index: rebuild the product cards of a channel in one SQL statement, drop cached pages.

A card has all that a list shows, filters and sorts by. The SQL is made of constants.
"""

import logging
import time
from collections.abc import Collection
from itertools import batched
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import RedisError

from catalog.attributes import colors
from catalog.attributes.batteries import CELL_LIMITS
from catalog.attributes.families import FamilyKind
from catalog.models import Category, Channel, Product, Spec
from catalog.models.families import load_families
from catalog.search.detail_facets import DETAILS_SQL
from catalog.search.filters import CHOICES
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.text import fold, folded_sql

log = logging.getLogger(__name__)

VERSION_KEY = "catalog:generation"  # of all cached pages
BATCH = 500  # products of one transaction
# In-stock cards rank first, then cards with an image, then those with more known attributes.
IN_STOCK_SCORE = 1_000_000
IMAGE_SCORE = 100_000

# The variant whose price is shown, the default of the product page: the cheapest available one, or
# the cheapest (``ProductView.default_variant``).
_DEFAULT_VARIANTS = """
    SELECT DISTINCT ON (variant.product_id)
        variant.product_id, variant.id AS variant_id, listing.price_amount, listing.available,
        listing.area_id, listing.as_of, variant.packed_weight_g, variant.lithium, variant.cell_wh,
        variant.cell_count, listing.areas_from
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    WHERE listing.channel_id = %(channel)s AND listing.is_published
      AND variant.product_id = ANY(%(products)s)
      AND (variant.status <> 'phasing_out' OR listing.available > 0)
    ORDER BY variant.product_id, (listing.available = 0), listing.price_amount,
        variant.position, variant.id
"""
_TOTALS = """
    SELECT variant.product_id,
        least(count(*), 32767) AS variant_count,
        count(DISTINCT listing.price_amount) > 1 AS has_more_prices
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    WHERE listing.channel_id = %(channel)s AND listing.is_published
      AND variant.product_id = ANY(%(products)s)
      AND (variant.status <> 'phasing_out' OR listing.available > 0)
    GROUP BY variant.product_id
"""
_COLORS = f"""
    SELECT variant.product_id,
        array_agg(DISTINCT COALESCE(known.color, '{colors.OTHER}'))
            FILTER (WHERE listing.available > 0) AS in_stock,
        array_agg(DISTINCT COALESCE(known.color, '{colors.OTHER}')) AS listed
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    LEFT JOIN unnest(%(colors)s::text[], %(color_words)s::text[]) AS known(color, words)
      ON string_to_array(known.words, ' ')
        && regexp_split_to_array({folded_sql("variant.color")}, '[^[:alpha:]]+')
    WHERE listing.channel_id = %(channel)s AND listing.is_published
      AND variant.product_id = ANY(%(products)s) AND variant.color <> ''
      AND (variant.status <> 'phasing_out' OR listing.available > 0)
    GROUP BY variant.product_id
"""  # noqa: S608 - made of constants
_COUNTRIES = """
    SELECT variant.product_id, array_agg(DISTINCT place.country ORDER BY place.country) AS codes
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    CROSS JOIN LATERAL jsonb_object_keys(listing.ships_from) AS place(country)
    WHERE listing.channel_id = %(channel)s AND listing.is_published
      AND variant.product_id = ANY(%(products)s)
    GROUP BY variant.product_id
"""
_NAMES = """
    SELECT variant.product_id, array_agg(DISTINCT name.word) AS words
    FROM catalog_variant variant
    JOIN catalog_identifier identifier
      ON identifier.variant_id = variant.id AND identifier.state <> 'conflict'
    CROSS JOIN LATERAL (VALUES
        (lower(variant.sku)),
        (replace(lower(variant.sku), '-', '')),
        (CASE identifier.scheme
            WHEN 'mpn' THEN replace(split_part(identifier.value, ':', 2), '+', '')
            WHEN 'model' THEN replace(split_part(identifier.value, ':', 2), '+', '')
            WHEN 'gtin' THEN identifier.value
         END)
    ) AS name(word)
    WHERE variant.product_id = ANY(%(products)s) AND name.word <> ''
    GROUP BY variant.product_id
"""
_IMAGES = """
    SELECT DISTINCT ON (product_id) product_id, stem
    FROM catalog_image
    WHERE product_id = ANY(%(products)s) AND stem <> ''
    ORDER BY product_id, (role <> 'main'), position, id
"""
# IEC 60529: immersion (7, 8) does not imply jets (5, 6, 9).
_WATER = """
    CASE
        WHEN spec.ip_rating = '' THEN NULL
        WHEN spec.ip_rating ~ '([56]|9K?)/[78]$' THEN 4
        WHEN spec.ip_rating ~ '[78]$' THEN 3
        WHEN spec.ip_rating ~ '([56]|9K?)$' THEN 2
        WHEN spec.ip_rating ~ '4$' THEN 1
        ELSE 0
    END
"""
# Power sources and charging, as values of the "power" facet.
_POWER = """
    ARRAY(
        SELECT DISTINCT word FROM (
            SELECT jsonb_array_elements_text(spec.power_sources) AS word
            UNION ALL
            SELECT 'usb_c' WHERE spec.charging ? 'usb_c'
            UNION ALL
            SELECT CASE WHEN lower(spec.battery_format) = ANY(%(cells)s)
                THEN lower(spec.battery_format) ELSE 'other_cell' END
            WHERE spec.battery_format NOT IN ('', 'built_in')
              AND NOT spec.power_sources ? 'built_in'
        ) AS words
        WHERE word <> 'replaceable_cell' ORDER BY word
    )::varchar[]
"""
_FEATURES = """
    ARRAY(
        SELECT jsonb_array_elements_text(spec.features)
        UNION
        SELECT 'high_cri' WHERE spec.cri >= 90
        ORDER BY 1
    )::varchar[]
"""
_TITLE = folded_sql(
    "concat_ws(' ', product.title, brand.name, alias.names,"
    " (SELECT string_agg(value, ' ') FROM jsonb_each_text(product.titles)))"
)
_ALIASES = """
    SELECT brand_id, string_agg(name || ' ' || key, ' ' ORDER BY id) AS names FROM catalog_brandalias GROUP BY 1
"""
_SEARCH = f"""
    setweight(to_tsvector('english', {_TITLE}), 'A')
    || setweight(to_tsvector('simple', {_TITLE}), 'A')
    || setweight(array_to_tsvector(COALESCE(name.words, '{{}}')), 'B')
    || setweight(to_tsvector('english', family.words), 'B')
    || setweight(to_tsvector('simple', family.words || ' ' || category.words), 'B')
    || setweight(to_tsvector('simple', translate(
        concat_ws(' ', spec.battery_format, spec.charging, spec.features, spec.light_colors,
            spec.ip_rating),
        '_[]",/', '      ')), 'C')
"""
_STATED = """
    (spec.output_lm IS NOT NULL)::int + (spec.intensity_cd IS NOT NULL)::int
    + (spec.runtime_high_min IS NOT NULL)::int + (spec.weight_g IS NOT NULL)::int
    + (spec.ip_rating <> '')::int + (spec.features <> '[]')::int
"""
_COLUMNS = {
    "channel_id": "%(channel)s",
    "product_id": "product.id",
    "category_id": "product.category_id",
    "slug": "product.slug",
    "title": f"COALESCE(product.titles->>'{settings.LANGUAGE_CODE}', product.title)",
    "titles": "product.titles",
    "brand": "brand.name",
    "family": "product.family",
    "picture": "COALESCE(picture.stem, '')",
    "price_amount": "lead.price_amount",
    "has_more_prices": "total.has_more_prices",
    "variant_id": "lead.variant_id",
    "available": "lead.available",
    "area_id": "lead.area_id",
    "as_of": "lead.as_of",
    "ships_from": "COALESCE(place.codes, '{}')::varchar[]",
    "packed_weight_g": "lead.packed_weight_g",
    "lithium": "lead.lithium",
    "cell_wh": "lead.cell_wh",
    "cell_count": "lead.cell_count",
    "variant_count": "total.variant_count",
    "output_lm": "spec.output_lm",
    "intensity_cd": "spec.intensity_cd",
    "beam_m": "spec.beam_m",
    "runtime_min": "COALESCE(spec.runtime_high_min, spec.runtime_max_min)",
    "weight_g": "spec.weight_g",
    "ip_rating": "spec.ip_rating",
    "water": _WATER,
    "power": _POWER,
    "battery_format": "spec.battery_format",
    "capacity_mah": "CASE WHEN product.family = ANY(%(batteries)s) THEN spec.battery_capacity_mah END",
    "features": _FEATURES,
    "details": DETAILS_SQL,
    "colors": """
        COALESCE(CASE WHEN lead.available > 0 THEN color.in_stock ELSE color.listed END, '{}')
        ::varchar[]
    """,
    "sent_from": """
        ARRAY(
            SELECT place.country || ':' || place.area
            FROM jsonb_each_text(lead.areas_from) AS place(country, area) ORDER BY 1
        )::varchar[]
    """,
    "score": f"""
        (lead.available > 0)::int * {IN_STOCK_SCORE}
        + (picture.stem IS NOT NULL)::int * {IMAGE_SCORE} + ({_STATED}) * 1000
        + LEAST(lead.available, 500)
    """,
    "search": _SEARCH,
    "added_at": "product.created_at",
}
_KEYS = frozenset({"channel_id", "product_id"})
_SELECT = f"""
    SELECT {", ".join(f"{value} AS {name}" for name, value in _COLUMNS.items())}
    FROM catalog_product product
    JOIN ({_DEFAULT_VARIANTS}) lead ON lead.product_id = product.id
    JOIN ({_TOTALS}) total ON total.product_id = product.id
    JOIN catalog_brand brand ON brand.id = product.brand_id
    LEFT JOIN ({_ALIASES}) alias ON alias.brand_id = brand.id
    JOIN catalog_spec spec ON spec.product_id = product.id
    JOIN unnest(%(families)s::text[], %(family_words)s::text[]) AS family(code, words)
      ON family.code = product.family
    JOIN unnest(%(category_ids)s::bigint[], %(category_texts)s::text[]) AS category(id, words)
      ON category.id = product.category_id
    LEFT JOIN ({_COUNTRIES}) place ON place.product_id = product.id
    LEFT JOIN ({_COLORS}) color ON color.product_id = product.id
    LEFT JOIN ({_NAMES}) name ON name.product_id = product.id
    LEFT JOIN ({_IMAGES}) picture ON picture.product_id = product.id
    WHERE product.status = 'live'
"""  # noqa: S608 - made of constants
_NAMED = ", ".join(_COLUMNS)
_DIFFERS = " OR ".join(
    f"card.{name} IS DISTINCT FROM fresh.{name}" for name in _COLUMNS if name not in _KEYS
)
_REPLACED = ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS if name not in _KEYS)

# One statement: delete cards of unpublished products, write new and changed ones.
REBUILD = f"""
    WITH fresh AS MATERIALIZED ({_SELECT}),
    gone AS (
        DELETE FROM catalog_productcard card
        WHERE card.channel_id = %(channel)s AND card.product_id = ANY(%(products)s)
          AND NOT EXISTS (SELECT FROM fresh WHERE fresh.product_id = card.product_id)
        RETURNING 1
    ),
    written AS (
        INSERT INTO catalog_productcard ({_NAMED})
        SELECT {", ".join(f"fresh.{name}" for name in _COLUMNS)}
        FROM fresh
        LEFT JOIN catalog_productcard card
          ON card.channel_id = fresh.channel_id AND card.product_id = fresh.product_id
        WHERE card.id IS NULL OR {_DIFFERS}
        ON CONFLICT (channel_id, product_id) DO UPDATE SET {_REPLACED}
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written)
"""  # noqa: S608 - made of constants

_CARD_WORDS = folded_sql(
    "concat_ws(' ', card.title, card.brand,"
    " (SELECT string_agg(value, ' ') FROM jsonb_each_text(card.titles)))"
)
# Candidates for spelling correction: words of titles and brands, without digits.
COLLECT_SEARCH_TERMS = f"""
    INSERT INTO catalog_searchterm (word)
    SELECT DISTINCT term.word
    FROM catalog_productcard card
    CROSS JOIN LATERAL regexp_split_to_table(
        {_CARD_WORDS} COLLATE pg_c_utf8, '[^[:alpha:]]+'
    ) AS term(word)
    WHERE card.channel_id = %(channel)s AND card.product_id = ANY(%(products)s)
      AND length(term.word) BETWEEN 4 AND 40
      AND NOT EXISTS (SELECT FROM catalog_searchterm known WHERE known.word = term.word)
    ON CONFLICT (word) DO NOTHING
"""  # noqa: S608 - made of constants


@requires_transaction
def reindex(*, product_ids: Collection[int], channel: Channel) -> None:
    """Rebuild the cards of these products; unpublished products lose their card.

    A sold-out product keeps its card, ranked below the rest.
    Locks:  the products, in id order, so that the last rebuild sees all changes
    """
    if not product_ids:
        return
    ids = sorted(product_ids)
    locked = Product.objects.filter(pk__in=ids).select_for_update(of=["self"], no_key=True)
    list(locked.order_by("pk").values_list("pk"))
    categories = list(Category.objects.only("pk", "names"))
    families = load_families()
    known_cells = set(CHOICES["power"][1])
    values: dict[str, Any] = {
        "channel": channel.pk,
        "products": ids,
        "cells": [cell.lower() for cell in CELL_LIMITS if cell.lower() in known_cells],
        "colors": list(colors.COLOR_WORDS),
        "color_words": list(colors.COLOR_WORDS.values()),
        "batteries": list(families.of_kind(FamilyKind.BATTERY)),
        "families": [family.code for family in families],
        "family_words": [
            fold(" ".join([family.search_words, *dict(family.names).values()]))
            for family in families
        ],
        "category_ids": [category.pk for category in categories],
        "category_texts": [
            fold(" ".join(str(name) for name in category.names.values())) for category in categories
        ],
    }
    with connection.cursor() as cursor:
        cursor.execute(REBUILD, values)
        (changed,) = cursor.fetchone()
        # Even if no card changed: cached pages may show a variant that changed without its card.
        transaction.on_commit(drop_cached_pages)
        if changed:
            cursor.execute(COLLECT_SEARCH_TERMS, values)


def reindex_attribute(code: str) -> int:
    """Rebuild the cards of the products with a value of a custom attribute; return how many.

    Locks:  per batch and channel: the products, in id order
    """
    specs = Spec.objects.filter(custom_values__has_key=code).order_by("product")
    ids = list(specs.values_list("product", flat=True))
    channels = list(Channel.objects.order_by("pk"))
    for batch in batched(ids, BATCH):
        for channel in channels:
            with transaction.atomic(durable=True):
                reindex(product_ids=batch, channel=channel)
    return len(ids)


def drop_cached_pages() -> None:
    """Invalidate all cached pages of the shop; without Redis there are none."""
    try:
        cache.set(VERSION_KEY, time.time_ns(), timeout=None)
    except (RedisError, OSError):
        log.warning("the catalog changed while Redis was unavailable; cached pages expire by age")
