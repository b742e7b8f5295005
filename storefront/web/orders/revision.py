"""Order revision: compute a text that changes when anything on an order's page changes.

Rows that the page shows from another table are added to ``_REVISION``: one more ``UNION ALL`` with
the kind, the id and the ``xmin`` of each row, joined to ``placed``, ``purchase`` or ``parcel``. Its
table needs an index that begins with that foreign key. A test changes the table of every kind.
"""

from datetime import datetime

from django.db import connection

# A row's ``xmin`` is the transaction that wrote it, so it changes with every update. Tracking
# events are only added.
_REVISION = """
WITH placed AS (
    SELECT id, xmin FROM orders_order WHERE number = %(number)s
), purchase AS (
    SELECT p.id, p.xmin FROM orders_purchaseorder p JOIN placed ON p.order_id = placed.id
), parcel AS (
    SELECT p.id, p.xmin FROM shipping_parcel p
    JOIN shipping_shipment s ON s.id = p.shipment_id
    JOIN purchase ON purchase.id = s.purchase_order_id
)
SELECT md5(string_agg(version, ' ' ORDER BY version)) FROM (
    SELECT concat('order ', xmin, ' ', %(day)s::date) AS version FROM placed
    UNION ALL SELECT concat('purchase ', id, ' ', xmin) FROM purchase
    UNION ALL SELECT concat('parcel ', id, ' ', xmin) FROM parcel
    UNION ALL SELECT concat('payment ', r.id, ' ', r.xmin)
    FROM orders_payment r JOIN placed ON r.order_id = placed.id
    UNION ALL SELECT concat('line ', r.id, ' ', r.xmin)
    FROM orders_orderline r JOIN placed ON r.order_id = placed.id
    UNION ALL SELECT concat('backorder ', r.id, ' ', r.xmin)
    FROM orders_backorder r JOIN placed ON r.order_id = placed.id
    UNION ALL SELECT concat('backorder line ', r.id, ' ', r.xmin)
    FROM orders_backorderline r JOIN orders_backorder b ON b.id = r.backorder_id
    JOIN placed ON b.order_id = placed.id
    UNION ALL SELECT concat('return ', r.id, ' ', r.xmin)
    FROM orders_returnauthorization r JOIN placed ON r.order_id = placed.id
    UNION ALL SELECT concat('invoice ', r.id, ' ', r.xmin)
    FROM orders_customerinvoice r JOIN placed ON r.order_id = placed.id
    UNION ALL SELECT concat('message ', r.id, ' ', r.xmin)
    FROM orders_ordermessage r JOIN placed ON r.order_id = placed.id
    UNION ALL SELECT concat('address ', r.id, ' ', r.xmin)
    FROM orders_addresschangerequest r JOIN purchase ON r.purchase_order_id = purchase.id
    UNION ALL SELECT concat('purchase line ', r.id, ' ', r.xmin)
    FROM orders_purchaseline r JOIN purchase ON r.purchase_order_id = purchase.id
    UNION ALL SELECT concat('contents ', r.id, ' ', r.xmin)
    FROM shipping_parcelline r JOIN parcel ON r.parcel_id = parcel.id
    UNION ALL SELECT concat('silence ', r.id, ' ', r.xmin)
    FROM shipping_silencecase r JOIN parcel ON r.parcel_id = parcel.id
    UNION ALL SELECT concat('problem report ', r.id, ' ', r.xmin)
    FROM shipping_problemreport r JOIN parcel ON r.parcel_id = parcel.id
    UNION ALL SELECT concat('events ', r.parcel_id, ' ', count(*))
    FROM shipping_trackingevent r JOIN parcel ON r.parcel_id = parcel.id GROUP BY r.parcel_id
) versions
"""


def order_etag(number: str, now: datetime) -> str:
    """Return a weak ETag of an order's page, "" for an unknown number. One statement.

    Read it before the page's data, so that a change in between is shown by the next poll. The day
    is part of it because a parcel becomes late at midnight.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REVISION, {"number": number, "day": now.date()})
        (digest,) = cursor.fetchone()
    return f'W/"{digest}"' if digest else ""
