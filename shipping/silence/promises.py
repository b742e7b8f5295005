"""Promised days: find the last day on which a parcel should arrive, in SQL."""

from datetime import date

from django.db import connection

from shipping.models import Parcel
from shipping.silence.rules import SOURCE

# The last day of the planned parcel (as ``PurchaseOrder.entry``), else of the order; or the later
# day that the customer accepted. NULL: no day was promised.
PROMISED_BY = """greatest(
    coalesce(
        (coalesce(nullif(po.way, '{}'::jsonb), (
            SELECT entry FROM jsonb_array_elements(o.delivery_plan) entry
            WHERE (entry ->> 'location_id')::bigint = po.location_id LIMIT 1
        )) ->> 'arrives_to')::date,
        o.arrives_to
    ),
    (SELECT max(b.arrives_by) FROM orders_backorder b
     WHERE b.purchase_order_id = po.id AND b.kind = 'later' AND b.chosen = 'wait')
)"""


def promised_by(parcel: Parcel) -> date | None:
    """Return the promised day of a parcel, in one statement; None: no day was promised."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {PROMISED_BY} FROM {SOURCE} WHERE x.id = %s",  # noqa: S608 - made of constants
            [parcel.pk],
        )
        day: date | None = cursor.fetchone()[0]
        return day
