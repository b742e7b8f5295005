"""Stock cover: find and count listings whose stock lasts few days at the sales of four weeks."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from catalog.pricing.market import DEMAND_DAYS

# Each band begins where the one before ends.
BANDS: dict[int, Promise] = {
    3: _("Stock for less than 3 days"),
    7: _("Stock for 3 to 7 days"),
    14: _("Stock for 7 to 14 days"),
}
# Reads the sales of four weeks, and the listings that they belong to.
_COVERS = f"""
    SELECT l.id, width_bucket(l.available * {DEMAND_DAYS}.0 / s.units, %s::numeric[]) AS band
    FROM (
        SELECT d.channel_id, d.variant_id, sum(d.units) AS units FROM catalog_dailysales d
        WHERE d.channel_id = ANY(coalesce(%s::bigint[], ARRAY(SELECT id FROM catalog_channel)))
          AND d.day >= %s
        GROUP BY 1, 2
    ) s
    JOIN catalog_listing l ON l.channel_id = s.channel_id AND l.variant_id = s.variant_id
    WHERE l.is_published AND l.available > 0
"""  # noqa: S608 - made of constants
_COUNT = f"SELECT band, count(*) FROM ({_COVERS}) covers GROUP BY 1"  # noqa: S608 - the same
_IDS = f"SELECT id FROM ({_COVERS}) covers WHERE band = %s"  # noqa: S608 - the same


def count_by_band(channel: Channel | None, *, now: datetime) -> dict[int, int]:
    """Return the number of published listings in each band, by its upper end in days."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _values(channel, now.date()))
        counts = dict(cursor.fetchall())
    return {days: counts.get(band, 0) for band, days in enumerate(BANDS)}


def ids_in_band(days: int, *, now: datetime) -> RawSQL:
    """Return the query of the listings in a band, of all channels."""
    return RawSQL(_IDS, [*_values(None, now.date()), list(BANDS).index(days)])  # noqa: S611 - ours


def _values(channel: Channel | None, today: date) -> list[Any]:
    channels = [channel.pk] if channel else None
    return [list(BANDS), channels, today - timedelta(days=DEMAND_DAYS - 1)]
