"""Alternatives: find what can be bought in place of a product that cannot."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from catalog.models import Channel
from catalog.models.listings import STALE_AFTER
from catalog.products.detail import ProductView
from catalog.search.cards import CARD_COLUMNS, CardView
from catalog.search.conditions import is_in_stock
from storefront.lib.db.prepared_queries import planned_cursor

ALTERNATIVES = 4
_ALTERNATIVES = f"""
    SELECT {", ".join(CARD_COLUMNS)} FROM (
        SELECT * FROM catalog_card
        WHERE channel_id = %s AND category_id = %s AND family = %s AND product_id <> %s
          AND {{in_stock}}
        ORDER BY score DESC, id LIMIT 200
    ) AS card
    ORDER BY (family = 'battery' AND battery_format <> %s), abs(price_amount - %s), score DESC, id
    LIMIT {ALTERNATIVES}
"""  # noqa: S608 - made of column names


def alternatives(
    light: ProductView, *, channel: Channel, country: str, now: datetime
) -> list[CardView]:
    """Return the cards nearest in price of the same family that can be sent to a country.

    Of cells, those of the same size come first: others do not fit.
    """
    cell = light.spec.battery_format if light.spec else ""
    in_stock = is_in_stock(country=country, fresh_since=now - STALE_AFTER)
    with planned_cursor(connection) as cursor:
        cursor.execute(
            _ALTERNATIVES.format(in_stock=in_stock.text),
            [
                *(channel.pk, light.category.pk, light.family, light.id),
                *(*in_stock.values, cell, light.price_from.amount),
            ],
        )
        return [CardView(*row) for row in cursor.fetchall()]
