"""Supplier performance: derive scorecard facts from status history and tracking events.

Order processing writes no facts. A periodic task derives them from the status history and records
those that are missing. This keeps order processing fast, and the next run records what a crash
skipped.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from suppliers.models import ScorecardFact
from suppliers.scorecards import scorecards, statistics

Kind = ScorecardFact.Kind

# Earlier runs saw older transitions; ``record_new_facts(since=None)`` reads everything.
LOOKBACK = timedelta(days=7)
OUT_OF_STOCK_CODES = frozenset({"out_of_stock", "discontinued"})

_TRANSITION_AT = """
(SELECT min(c.at) FROM lib_statuschange c
 WHERE c.subject = 'orders.PurchaseOrder' AND c.subject_id = po.id
   AND c.status_field = '{status_field}' AND c.to_status IN ({to}))
"""
_SUBMITTED_AT = _TRANSITION_AT.format(status_field="submission_status", to="'submitting'")
_ANSWERED_AT = _TRANSITION_AT.format(
    status_field="submission_status",
    to="'accepted', 'partially_accepted', 'backordered', 'rejected'",
)
_REJECTED_AT = _TRANSITION_AT.format(status_field="submission_status", to="'rejected'")
_SHIPPED_AT = _TRANSITION_AT.format(status_field="status", to="'shipped'")
_REJECTION_REASON = """
(SELECT c.reason FROM lib_statuschange c
 WHERE c.subject = 'orders.PurchaseOrder' AND c.subject_id = po.id
   AND c.status_field = 'submission_status' AND c.to_status = 'rejected' ORDER BY c.id LIMIT 1)
"""
_SINCE = "coalesce(%(since)s::timestamptz, '-infinity')"
_RECENT = f"greatest(po.status_since, po.submission_status_since) >= {_SINCE}"
# Count an unshipped order against the supplier only if neither we nor the customer canceled it.
_NO_CANCELLATION = "po.cancel_requested_at IS NULL AND po.cancel_reason = ''"

# Each selects, in this order: supplier_id, happened_at, value, subject, code, reason, place.
_OUTCOME_SQL: dict[Kind, str] = {
    Kind.ACKNOWLEDGED: f"""
        SELECT po.supplier_id, {_ANSWERED_AT} AS happened_at,
               extract(epoch FROM {_ANSWERED_AT} - {_SUBMITTED_AT}) AS value,
               'purchase_order:' || po.number AS subject, '' AS code, '' AS reason, 1 AS place
        FROM orders_purchaseorder po
        WHERE {_RECENT} AND {_ANSWERED_AT} IS NOT NULL AND {_SUBMITTED_AT} IS NOT NULL
    """,  # noqa: S608 - made of constants
    Kind.FINISHED: f"""
        SELECT po.supplier_id, coalesce({_SHIPPED_AT}, {_REJECTED_AT}) AS happened_at,
               CASE WHEN {_SHIPPED_AT} IS NULL THEN 0 ELSE 1 END AS value,
               'purchase_order:' || po.number AS subject, '' AS code, '' AS reason, 1 AS place
        FROM orders_purchaseorder po
        WHERE {_RECENT} AND ({_SHIPPED_AT} IS NOT NULL
           OR (po.submission_status = 'rejected' AND po.status = 'canceled' AND {_NO_CANCELLATION}))
    """,  # noqa: S608 - made of constants
    Kind.PROMISED: f"""
        SELECT po.supplier_id, {_ANSWERED_AT} AS happened_at, 1 AS value,
               'line:' || pl.id AS subject, pl.acknowledgment AS code, '' AS reason, 1 AS place
        FROM orders_purchaseorder po JOIN orders_purchaseline pl ON pl.purchase_order_id = po.id
        WHERE {_RECENT} AND po.accepted_at IS NOT NULL AND {_ANSWERED_AT} IS NOT NULL
          AND pl.acknowledgment <> 'canceled'
    """,  # noqa: S608 - made of constants
    Kind.FILLED: f"""
        SELECT po.supplier_id, {_SHIPPED_AT} AS happened_at, 1 AS value,
               'line:' || pl.id AS subject, '' AS code, '' AS reason, 1 AS place
        FROM orders_purchaseorder po JOIN orders_purchaseline pl ON pl.purchase_order_id = po.id
        WHERE {_RECENT} AND pl.is_active AND {_SHIPPED_AT} IS NOT NULL
    """,  # noqa: S608 - made of constants
    Kind.SHORT: f"""
        SELECT po.supplier_id, coalesce({_REJECTED_AT}, {_ANSWERED_AT}) AS happened_at,
               coalesce((SELECT sum(m.reported_delta) FROM suppliers_stockmovement m
                         WHERE m.level_id = ol.level_id AND m.at <= o.placed_at), 0) AS value,
               'line:' || pl.id AS subject, pl.acknowledgment AS code,
               coalesce({_REJECTION_REASON}, '') AS reason,
               row_number() OVER (PARTITION BY po.id ORDER BY pl.id) AS place
        FROM orders_purchaseorder po
        JOIN orders_purchaseline pl ON pl.purchase_order_id = po.id
        JOIN orders_orderline ol ON ol.id = pl.order_line_id
        JOIN orders_order o ON o.id = po.order_id
        WHERE {_RECENT} AND {_NO_CANCELLATION} AND {_ANSWERED_AT} IS NOT NULL
          AND pl.acknowledgment NOT IN ('', 'accepted', 'canceled')
    """,  # noqa: S608 - made of constants
    Kind.SCANNED: f"""
        SELECT po.supplier_id, scan.at AS happened_at,
               greatest(0, extract(epoch FROM scan.at - po.accepted_at)) AS value,
               'parcel:' || pa.id AS subject, '' AS code, '' AS reason, 1 AS place
        FROM shipping_parcel pa
        JOIN shipping_shipment sh ON sh.id = pa.shipment_id
        JOIN orders_purchaseorder po ON po.id = sh.purchase_order_id
        JOIN (
            SELECT parcel_id, min(coalesce(happened_at, received_at)) AS at
            FROM shipping_trackingevent
            WHERE carrier_status NOT IN ('unknown', 'pre_transit')
              AND external_id <> 'supplier:delivered'
            GROUP BY parcel_id
            HAVING max(received_at) >= {_SINCE}
        ) scan ON scan.parcel_id = pa.id
        WHERE po.accepted_at IS NOT NULL
    """,  # noqa: S608 - made of constants
    Kind.ARRIVED: f"""
        SELECT po.supplier_id,
               CASE WHEN pa.status IN ('delivered', 'returned') THEN pa.status_since
                    ELSE coalesce(pa.carrier_status_at, pa.status_since) END AS happened_at,
               CASE WHEN pa.status = 'delivered' THEN 1 ELSE 0 END AS value,
               'parcel:' || pa.id AS subject, '' AS code, '' AS reason, 1 AS place
        FROM shipping_parcel pa
        JOIN shipping_shipment sh ON sh.id = pa.shipment_id
        JOIN orders_purchaseorder po ON po.id = sh.purchase_order_id
        WHERE (pa.status IN ('delivered', 'returned') OR pa.carrier_status = 'return_to_sender')
          AND greatest(pa.status_since, pa.carrier_status_at) >= {_SINCE}
    """,  # noqa: S608 - made of constants
}
_NEW_FACTS_SQL = """
SELECT seen.* FROM ({seen}) seen
WHERE NOT EXISTS (
    SELECT 1 FROM suppliers_scorecardfact f
    WHERE f.supplier_id = seen.supplier_id AND f.kind = %(kind)s AND f.subject = seen.subject
)
"""


def record_new_facts(*, since: datetime | None = None) -> datetime | None:
    """Record the missing facts; return ``happened_at`` of the earliest new one, or None.

    ``since``: only purchase orders and parcels that changed since then; None: all.
    """
    facts = [fact for kind in _OUTCOME_SQL for fact in _new_facts(kind, since)]
    scorecards.record(facts)
    return min((fact.happened_at for fact in facts), default=None)


def _new_facts(kind: Kind, since: datetime | None) -> Iterator[ScorecardFact]:
    sql = _NEW_FACTS_SQL.format(seen=_OUTCOME_SQL[kind])
    with connection.cursor() as cursor:
        cursor.execute(sql, {"since": since, "kind": kind.value})
        rows = cursor.fetchall()
    for supplier_id, happened_at, value, subject, code, reason, place in rows:
        known: dict[str, Any] = {
            "supplier_id": supplier_id,
            "subject": subject,
            "happened_at": happened_at,
        }
        is_out_of_stock = _rejection_code(code, reason) in OUT_OF_STOCK_CODES
        if kind == Kind.SHORT:
            # If a rejection gives no code per line, only the order's first rejected line counts.
            if is_out_of_stock and (code in OUT_OF_STOCK_CODES or place == 1):
                yield ScorecardFact(kind=Kind.SHORT, value=max(0, value), **known)
                yield ScorecardFact(kind=Kind.PROMISED, value=Decimal(0), **known)
                yield ScorecardFact(kind=Kind.FILLED, value=Decimal(0), **known)
        elif kind != Kind.PROMISED or not is_out_of_stock:
            yield ScorecardFact(kind=kind, value=value, **known)


def _rejection_code(code: str, reason: str) -> str:
    """Return the code of a line; for ``rejected_other``, derive it from the supplier's text."""
    return statistics.rejection_cause(reason) if code == "rejected_other" else code
