"""Stock cover: find listings whose stock lasts few days at the sales of four weeks, filter by it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Listing
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
        WHERE d.channel_id = ANY(%s) AND d.day >= %s GROUP BY 1, 2
    ) s
    JOIN catalog_listing l ON l.channel_id = s.channel_id AND l.variant_id = s.variant_id
    WHERE l.is_published AND l.available > 0
"""  # noqa: S608 - made of constants
_COUNT = f"SELECT band, count(*) FROM ({_COVERS}) covers GROUP BY 1"  # noqa: S608 - the same
_IDS = f"SELECT id FROM ({_COVERS}) covers WHERE band = %s"  # noqa: S608 - the same


def count_by_band(channels: Sequence[Channel], *, now: datetime) -> dict[int, int]:
    """Return the number of published listings in each band, by its upper end in days."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _values([channel.pk for channel in channels], now.date()))
        counts = dict(cursor.fetchall())
    return {days: counts.get(band, 0) for band, days in enumerate(BANDS)}


def _values(channels: list[int], today: date) -> list[Any]:
    return [list(BANDS), channels, today - timedelta(days=DEMAND_DAYS - 1)]


class CoverFilter(SimpleListFilter):
    """Filter of listings by the days that their stock lasts."""

    title = _("Days of cover")
    parameter_name = "cover"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [(str(days), str(label)) for days, label in BANDS.items()]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Listing]) -> QuerySet[Listing]:
        days = self.value()
        if days is None or not days.isdecimal() or int(days) not in BANDS:
            return rows
        channels = list(Channel.objects.values_list("pk", flat=True))
        values = [*_values(channels, timezone.now().date()), list(BANDS).index(int(days))]
        return rows.filter(pk__in=RawSQL(_IDS, values))  # noqa: S611 - made of constants
