"""Status history invariants: check that every status has a recorded transition."""

from orders.models import (
    Allocation,
    Order,
    Payment,
    PurchaseOrder,
    Reservation,
    ReturnAuthorization,
    SupplierClaim,
    SupplierReturn,
)
from shipping.models import Parcel, ProblemReport
from storefront.dashboard.invariants.invariant import Invariant
from storefront.lib.state_machine import Stateful
from suppliers.models import ComplianceDocument

TRACKED: tuple[type[Stateful], ...] = (
    Order,
    Payment,
    PurchaseOrder,
    Reservation,
    Allocation,
    SupplierClaim,
    ReturnAuthorization,
    SupplierReturn,
    Parcel,
    ProblemReport,
    ComplianceDocument,
)


def _statuses() -> str:
    """Return the SQL of every status of every tracked row, with its initial status."""
    return " UNION ALL ".join(
        _status(model, status_field) for model in TRACKED for status_field in model.STATUS_FIELDS
    )


def _status(model: type[Stateful], status_field: str) -> str:
    meta = model._meta  # noqa: SLF001 - Django's documented model API
    initial = getattr(model(), status_field)
    return (
        f"SELECT '{meta.label}' AS subject, id AS subject_id, '{status_field}' AS status_field,"  # noqa: S608
        f" {status_field}::text AS status, '{initial}' AS initial FROM {meta.db_table}"
    )


HISTORY = (
    Invariant(
        code="status_history.last_status",
        sentence="The last recorded transition of a record led to its status.",
        sql=f"""
            SELECT s.subject, s.subject_id, s.status_field, s.status, last.to_status
            FROM ({_statuses()}) s
            JOIN (
                SELECT DISTINCT ON (subject, subject_id, status_field) subject, subject_id, status_field, to_status
                FROM lib_statuschange ORDER BY subject, subject_id, status_field, id DESC
            ) last USING (subject, subject_id, status_field)
            WHERE s.status <> last.to_status
        """,  # noqa: S608 - names of our own models
    ),
    Invariant(
        code="status_history.recorded",
        sentence="A record outside its initial status has a recorded transition.",
        sql=f"""
            SELECT s.subject, s.subject_id, s.status_field, s.status
            FROM ({_statuses()}) s
            WHERE s.status <> s.initial AND NOT EXISTS (
                SELECT 1 FROM lib_statuschange c WHERE c.subject = s.subject
                AND c.subject_id = s.subject_id AND c.status_field = s.status_field)
        """,  # noqa: S608 - names of our own models
    ),
    Invariant(
        code="status_history.continuous",
        sentence="Each transition starts from the status in which the previous one ended.",
        sql="""
            SELECT subject, subject_id, status_field, from_status, before AS ended_at
            FROM (
                SELECT *, lag(to_status) OVER (
                    PARTITION BY subject, subject_id, status_field ORDER BY id) AS before
                FROM lib_statuschange
            ) moves
            WHERE before IS NOT NULL AND before <> from_status
        """,
    ),
)
