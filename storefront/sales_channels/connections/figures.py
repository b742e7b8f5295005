"""Connection figures: count what a store has, lacks and refuses; measure how late it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from storefront.sales_channels.models import Connection

LAG_WINDOW = timedelta(hours=24)
FIGURES = """
SELECT
    count(*) FILTER (WHERE external_variant_id <> ''),
    count(*) FILTER (WHERE dirty_since IS NOT NULL),
    count(*) FILTER (WHERE problem <> ''),
    EXTRACT(epoch FROM %(now)s - min(dirty_since)),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY lag_ms) FILTER (WHERE sent_at >= %(since)s) / 1000,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY lag_ms) FILTER (WHERE sent_at >= %(since)s) / 1000,
    (SELECT count(*) FROM sales_channels_remoteproduct
     WHERE connection_id = %(connection)s AND problem <> ''),
    (SELECT count(*) FROM sales_channels_drift
     WHERE connection_id = %(connection)s AND corrected_at IS NULL AND field <> 'unknown'),
    (SELECT count(*) FROM sales_channels_drift
     WHERE connection_id = %(connection)s AND corrected_at IS NULL AND field = 'unknown'),
    (SELECT count(*) FROM sales_channels_drift
     WHERE connection_id = %(connection)s AND corrected_at IS NOT NULL)
FROM sales_channels_remotelisting WHERE connection_id = %(connection)s
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of listings, products and drift; lags in seconds, of the last 24 hours."""

    listed: int
    changed: int
    refused: int
    oldest_change_s: float | None
    lag_p50_s: float | None
    lag_p95_s: float | None
    products_with_problems: int
    drift_open: int
    unknown_variants: int
    drift_corrected: int


def load_figures(connection: Connection, *, now: datetime) -> Figures:
    """Read all figures of a connection with one query."""
    params: dict[str, Any] = {"connection": connection.pk, "now": now, "since": now - LAG_WINDOW}
    with database.cursor() as cursor:
        cursor.execute(FIGURES, params)
        return Figures(*cursor.fetchone())
