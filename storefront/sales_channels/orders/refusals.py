"""Refusals: cancel and refund an order in its store that we cannot deliver.

The decision is stored first ("refusing"). The refund has a key of its own, and the store is read
before each call, so that nothing is paid twice.
"""

from datetime import datetime

from django.utils.translation import gettext, override

from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.models import OrderProblem, RemoteOrderRecord
from storefront.sales_channels.orders import gateway, translation
from storefront.sales_channels.platforms.base import Platform, RefundWrite, RemoteOrder

Status = RemoteOrderRecord.Status


def refuse_locked(record: RemoteOrderRecord, *, actor: str, now: datetime) -> None:
    """Store the refusal of an order whose lock the caller holds."""
    reason = record.detail or record.problem
    record.move(Status.REFUSING, at=now, actor=actor, reason=reason, due_at=now, attempts=0)


def execute(
    *, record: RemoteOrderRecord, platform: Platform, remote: RemoteOrder, now: datetime
) -> None:
    """Refund what was paid and the store has not returned yet, then cancel the order there.

    Raises: TemporaryError, PermanentError  not known to be done; retried when due
    """
    key = f"refuse:{record.reference}"
    is_done = any(refund.key == key for refund in remote.refunds)
    with override(translation.locale_of(remote, record.connection.channel)):
        reason = gettext("An item of this order cannot be delivered.")
    failpoint("refusal.before_refund")
    try:
        is_paid = remote.payment not in gateway.UNPAID
        if is_paid and remote.refunded < remote.total and not is_done:
            platform.refund(
                RefundWrite(
                    order_id=remote.external_id,
                    amount=remote.total - remote.refunded,
                    units={
                        line.external_id: line.quantity - line.canceled for line in remote.lines
                    },
                    delivery=remote.delivery,
                    reason=reason,
                    key=key,
                )
            )
        failpoint("refusal.after_refund")
        if not remote.is_canceled:
            platform.cancel_order(remote.external_id, reason=reason)
    except PermanentError as error:
        if not error.is_outcome_unknown:
            record.problem, record.detail = OrderProblem.STORE_REFUSED, str(error)[:500]
            record.problem_since = record.problem_since or now
            record.save(update_fields=["problem", "detail", "problem_since"])
        raise
    detail = record.detail or str(record.get_problem_display())
    record.move(
        Status.REFUSED,
        at=now,
        problem="",
        detail=detail,
        problem_since=None,
        due_at=None,
        canceled_there_at=now,
    )
