"""Report decisions: refund, replace or reject a report once, ask the customer for information."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

from django.db import transaction
from django.utils.translation import gettext

from orders.models import PurchaseOrder, ReturnAuthorization
from orders.returns import exchanges, refunds, requests
from shipping.models import Parcel, ProblemReport
from shipping.problem_reports import events, reports, supplier_claims
from shipping.rerouting.exchanges import find_sources
from shipping.shipments import fulfillment, outcomes
from storefront.lib.db.transactions import requires_transaction

ReturnKind = ReturnAuthorization.Kind
Status = ProblemReport.Status
RETURN_KINDS: Mapping[str, ReturnAuthorization.Kind] = MappingProxyType(
    {
        ProblemReport.Kind.NEVER_ARRIVED: ReturnKind.NOT_RECEIVED,
        ProblemReport.Kind.MISSING_ITEMS: ReturnKind.NOT_RECEIVED,
        ProblemReport.Kind.DAMAGED: ReturnKind.DAMAGED,
        ProblemReport.Kind.WRONG_ITEM: ReturnKind.WRONG_ITEM,
    }
)
REASON = "the customer reported a problem"


class CannotDecideError(Exception):
    """The message says why; nothing is changed."""


@transaction.atomic(durable=True)
def refund(*, report: ProblemReport, answer: str, actor: str, now: datetime) -> ReturnAuthorization:
    """Refund the reported units, which the customer does not send back; tell the customer.

    Returns the same refund to a second click.

    Locks:  the order, the orders it replaces (newest first), the purchase order, payments
    Raises: CannotDecideError, CannotReturnError, CannotResolveError  nothing is written
    """
    with _settle(report, Status.REFUNDED, answer=answer, actor=actor, now=now) as authorization:
        if authorization.status == ReturnAuthorization.Status.APPROVED:
            refunds.refund_locked(authorization, authorization.order, actor=actor, now=now)
    return authorization


@transaction.atomic(durable=True)
def replace(
    *, report: ProblemReport, answer: str, actor: str, now: datetime
) -> ReturnAuthorization:
    """Send the reported units again; return the return with its replacement; tell the customer.

    Returns the same one to a second click.

    Locks:  as ``refund``, then stock rows
    Raises: CannotDecideError, CannotReturnError, CannotResolveError  nothing is written
    """
    with _settle(report, Status.REPLACED, answer=answer, actor=actor, now=now) as authorization:
        if authorization.status == ReturnAuthorization.Status.APPROVED:
            exchanges.exchange_locked(
                authorization=authorization,
                actor=actor,
                now=now,
                sources=find_sources(authorization, None, now=now),
                is_announced=False,  # the answer to the report tells it
            )
    return authorization


@contextmanager
@requires_transaction
def _settle(
    report: ProblemReport, to: ProblemReport.Status, *, answer: str, actor: str, now: datetime
) -> Iterator[ReturnAuthorization]:
    """Open the return of the reported units for the caller to settle, then end the report.

    A parcel that never arrived becomes lost, and its own refund or replacement is used.
    """
    purchase_order = _lock_for_settlement(report)
    if report.status == to and report.settlement is not None:
        yield report.settlement
        return
    _require_undecided(report)
    if report.is_never_arrived:
        _mark_lost(report.parcel, purchase_order, actor=actor, now=now)
        resolution = (
            Parcel.Resolution.REFUNDED if to == Status.REFUNDED else Parcel.Resolution.REPLACED
        )
        with outcomes.settle(
            report.parcel, resolution, reason=REASON, actor=actor, now=now
        ) as authorization:
            yield authorization
    else:
        authorization = requests.open_without_receipt(
            purchase_order,
            {line.order_line_id: line.quantity for line in report.lines.all()},
            kind=RETURN_KINDS[report.kind],
            key=f"problem:{report.pk}",
            actor=actor,
            now=now,
        )
        yield authorization
    end(report, to, answer=answer, settlement=authorization, actor=actor, now=now)


@transaction.atomic(durable=True)
def reject(*, report: ProblemReport, answer: str, actor: str, now: datetime) -> None:
    """Reject a report with the reason for the customer. Locks as ``corrections.lock``."""
    reports.lock(report)
    _require_undecided(report)
    end(report, Status.REJECTED, answer=answer, actor=actor, now=now)
    supplier_claims.withdraw_draft(report, actor=actor, now=now)


@transaction.atomic(durable=True)
def ask(*, report: ProblemReport, question: str, actor: str, now: datetime) -> None:
    """Ask the customer for photos or information. Locks as ``corrections.lock``."""
    reports.lock(report)
    report.move(Status.NEEDS_INFORMATION, at=now, actor=actor, answer=question)
    events.record_answer(
        report,
        order=report.parcel.shipment.purchase_order.order,
        at=now,
        again=f":{now:%Y%m%dT%H%M%S}",
    )


@requires_transaction
def end(  # noqa: PLR0913 - the parts of one transition
    report: ProblemReport,
    to: ProblemReport.Status,
    *,
    now: datetime,
    actor: str = "",
    answer: str = "",
    reason: str = "",
    settlement: ReturnAuthorization | None = None,
) -> None:
    """End a report and tell the customer. The caller holds the order."""
    report.move(to, at=now, actor=actor, reason=reason, answer=answer, settlement=settlement)
    events.record_answer(report, order=report.parcel.shipment.purchase_order.order, at=now)


@requires_transaction
def _lock_for_settlement(report: ProblemReport) -> PurchaseOrder:
    """Lock the order, the orders it replaces, the purchase order; read the report again."""
    outcomes.lock_for_settlement(report.parcel)
    return reports.lock(report)


def _require_undecided(report: ProblemReport) -> None:
    if not report.is_undecided:
        message = gettext("This report is “%(status)s” already. Nothing was changed.")
        raise CannotDecideError(message % {"status": report.get_status_display()})


@requires_transaction
def _mark_lost(parcel: Parcel, purchase_order: PurchaseOrder, *, actor: str, now: datetime) -> None:
    """Mark the parcel lost, unless it is lost or returned. The answer tells the customer."""
    if parcel.resolution == Parcel.Resolution.OPEN and parcel.status not in Parcel.UNDELIVERABLE:
        fulfillment.mark_undelivered(
            parcel=parcel,
            to=Parcel.Status.LOST,
            purchase_order=purchase_order,
            now=now,
            actor=actor,
            reason=REASON,
        )
