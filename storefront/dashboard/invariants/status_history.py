"""Status history invariants (I12): check that every status has a recorded transition.

They cover payments, orders, stock, parcels and compliance evidence.
"""

from __future__ import annotations

from orders.models import (
    Allocation,
    Order,
    Payment,
    PurchaseOrder,
    Reservation,
    ReturnAuthorization,
    SupplierClaim,
    SupplierRMA,
)
from shipping.models import Parcel
from storefront.dashboard.invariants.invariant import Invariant
from storefront.lib.state_machine import Stateful
from suppliers.models import Evidence

TRACED: tuple[type[Stateful], ...] = (
    Order,
    Payment,
    PurchaseOrder,
    Reservation,
    Allocation,
    SupplierClaim,
    ReturnAuthorization,
    SupplierRMA,
    Parcel,
    Evidence,
)


def _statuses() -> str:
    """Return the SQL of every status of every tracked row, with its initial status."""
    return " UNION ALL ".join(_status(model, axis) for model in TRACED for axis in model.AXES)


def _status(model: type[Stateful], axis: str) -> str:
    meta = model._meta  # noqa: SLF001 - Django's documented model API
    born = getattr(model(), axis)
    return (
        f"SELECT '{meta.label}' AS subject, id AS subject_id, '{axis}' AS axis,"  # noqa: S608
        f" {axis}::text AS status, '{born}' AS born FROM {meta.db_table}"
    )


HISTORY = (
    Invariant(
        code="I12.last_move",
        sentence="The last recorded transition of a record led to its status.",
        sql=f"""
            SELECT s.subject, s.subject_id, s.axis, s.status, last.to_status
            FROM ({_statuses()}) s
            JOIN (
                SELECT DISTINCT ON (subject, subject_id, axis) subject, subject_id, axis, to_status
                FROM lib_statuschange ORDER BY subject, subject_id, axis, id DESC
            ) last USING (subject, subject_id, axis)
            WHERE s.status <> last.to_status
        """,  # noqa: S608 - names of our own models
    ),
    Invariant(
        code="I12.traced",
        sentence="A record outside its initial status has a recorded transition.",
        sql=f"""
            SELECT s.subject, s.subject_id, s.axis, s.status
            FROM ({_statuses()}) s
            WHERE s.status <> s.born AND NOT EXISTS (
                SELECT 1 FROM lib_statuschange c WHERE c.subject = s.subject
                AND c.subject_id = s.subject_id AND c.axis = s.axis)
        """,  # noqa: S608 - names of our own models
    ),
    Invariant(
        code="I12.chain",
        sentence="Each transition starts from the status in which the previous one ended.",
        sql="""
            SELECT subject, subject_id, axis, from_status, before AS ended_at
            FROM (
                SELECT *, lag(to_status) OVER (
                    PARTITION BY subject, subject_id, axis ORDER BY id) AS before
                FROM lib_statuschange
            ) moves
            WHERE before IS NOT NULL AND before <> from_status
        """,
    ),
)
