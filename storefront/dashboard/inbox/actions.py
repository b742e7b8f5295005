"""Quick actions: list per rule the one-click actions that inbox rows offer, call their services.

Each action calls a function that refuses a finished case, so a second click changes nothing. An
action with a lasting cost, or that needs input, is on the page of its row instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.competitors import sources
from catalog.competitors.tasks import fetch_source
from catalog.listings import price_approvals
from catalog.models import CompetitorSource, PriceHold
from notifications import dispatch
from notifications import tasks as notification_tasks
from notifications.models import Message
from orders import privacy
from orders.accounting.reconciliation import tasks as accounting_tasks
from orders.checkout import tasks as checkout_tasks
from orders.claims import status as claim_status
from orders.claims import submission as claim_submission
from orders.claims import tasks as claim_tasks
from orders.models import (
    Backorder,
    ErasureRequest,
    Order,
    Payment,
    PurchaseOrder,
    ReconciliationRun,
    SupplierClaim,
)
from orders.payments import tasks as payment_tasks
from orders.purchasing import submission as purchasing_submission
from orders.purchasing import submission_lookup
from orders.purchasing import tasks as purchasing_tasks
from orders.purchasing.holds import holds
from shipping.models import Parcel
from shipping.rerouting.tasks import reroute
from shipping.tasks import poll_supplier
from storefront.dashboard.inbox import hold_reasons
from storefront.dashboard.inbox.action import QuickAction
from storefront.lib.staff.admin import SERVICE_ERRORS, enqueue_or_fail
from storefront.lib.tasks import enqueue
from suppliers.models import Supplier, SyncRun
from suppliers.quarantine import review as run_deciding
from suppliers.sync.tasks import sync_now


def _waive(row: PurchaseOrder, key: str, actor: str, now: datetime) -> None:
    hold_reasons.require_safe(row, key)
    if holds.waive(purchase_order=row, key=key, actor=actor, now=now):
        enqueue(purchasing_tasks.submit, purchase_order_id=row.pk)


def _check_again(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    holds.recheck(purchase_order=row, actor=actor, now=now)
    enqueue(purchasing_tasks.submit, purchase_order_id=row.pk)


def _look_up(row: PurchaseOrder, _of: str, _actor: str, now: datetime) -> None:
    submission_lookup.require_no_call_in_flight(purchase_order=row, now=now)
    enqueue_or_fail(purchasing_tasks.look_up_for_staff, purchase_order_id=row.pk)


def _send_again(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    purchasing_submission.resubmit(purchase_order=row, actor=actor, now=now)
    enqueue(purchasing_tasks.submit, purchase_order_id=row.pk)


def _send(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    """Submit a purchase order now, even before its scheduled time."""
    if row.submit_at is not None and row.submit_at > now:
        purchasing_submission.submit_now(purchase_order=row, actor=actor, now=now)
    enqueue_or_fail(purchasing_tasks.submit, purchase_order_id=row.pk)


def _resubmit_claim(row: SupplierClaim, _of: str, actor: str, now: datetime) -> None:
    claim_submission.resubmit(claim=row, actor=actor, now=now)
    enqueue(claim_tasks.submit_claim, claim_id=row.pk)


def _look_up_claim(row: SupplierClaim, _of: str, _actor: str, now: datetime) -> None:
    claim_status.require_no_call_in_flight(claim=row, now=now)
    enqueue_or_fail(claim_tasks.look_up, claim_id=row.pk)


WAIVE = QuickAction(
    code="waive",
    words=_("Override hold"),
    done=_("%s: this hold reason was overridden."),
    model=PurchaseOrder,
    do=_waive,
)
CHECK_AGAIN = QuickAction(
    code="check_again",
    words=_("Check again"),
    done=_("%s was checked again. Reasons that still apply keep it on hold."),
    model=PurchaseOrder,
    do=_check_again,
)
LOOK_UP = QuickAction(
    code="look_up",
    words=_("Check status with supplier"),
    done=_("%s: the supplier is being asked. Refresh the page in a minute."),
    model=PurchaseOrder,
    do=_look_up,
)
SEND_AGAIN = QuickAction(
    code="send_again",
    words=_("Resend"),
    done=_("%s: a new attempt has started."),
    model=PurchaseOrder,
    do=_send_again,
)
SEND = QuickAction(
    code="send",
    words=_("Send now"),
    done=_("%s: a new attempt has started."),
    model=PurchaseOrder,
    do=_send,
)
RESUBMIT_CLAIM = QuickAction(
    code="tell_again",
    words=_("Resend claim"),
    done=_("%s is being sent."),
    model=SupplierClaim,
    do=_resubmit_claim,
)
LOOK_UP_CLAIM = QuickAction(
    code="look_up",
    words=_("Check status with supplier"),
    done=_("%s: the supplier is being asked. Refresh the page in a minute."),
    model=SupplierClaim,
    do=_look_up_claim,
)

PURCHASE_ACTIONS: Mapping[str, tuple[QuickAction, ...]] = {
    "purchase_order_on_hold": (WAIVE, CHECK_AGAIN),
    "submission_unconfirmed": (LOOK_UP,),
    "cancellation_unanswered": (LOOK_UP,),
    "purchase_order_blocked_by_supplier": (LOOK_UP,),
    "acknowledgement_late": (LOOK_UP,),
    "shipment_late": (LOOK_UP,),
    "rest_shipment_late": (LOOK_UP,),
    "submission_failed": (SEND_AGAIN,),
    "submission_late": (SEND,),
    "claim_submission_unconfirmed": (LOOK_UP_CLAIM,),
    "claim_undecided": (LOOK_UP_CLAIM,),
    "claim_not_submitted": (RESUBMIT_CLAIM,),
}


# Actions of each rule

USER_ERRORS: tuple[type[Exception], ...] = (
    *SERVICE_ERRORS,
    claim_submission.ClaimStateError,
    purchasing_submission.NotSubmittableError,
    submission_lookup.CallInProgressError,
    holds.NotHeldError,
)


def _reroute(row: Backorder, _of: str, _actor: str, _now: datetime) -> None:
    Backorder.objects.filter(pk=row.pk, status=Backorder.Status.OPEN).update(retry_at=None)
    enqueue(reroute, backorder_id=row.pk)


def _ask_source(row: CompetitorSource, _of: str, _actor: str, now: datetime) -> None:
    sources.make_due(source=row, now=now)
    enqueue(fetch_source, source_id=row.pk)


def _mail_again(row: Message, _of: str, actor: str, now: datetime) -> None:
    if row.status != Message.Status.FAILED:
        words = _(
            "The e-mail may have been delivered. Check the mail server first, then decide"
            " in the list of notifications."
        )
        raise holds.NotHeldError(str(words))
    dispatch.resend(delivery=row, actor=actor, now=now)
    enqueue(notification_tasks.send, delivery_id=row.pk)


ASK_ABOUT_PARCEL = QuickAction(
    code="ask_supplier",
    words=_("Check status with supplier"),
    done=_("%s: the supplier is being asked. Refresh the page in a minute."),
    model=Parcel,
    do=lambda row, *_rest: enqueue_or_fail(
        poll_supplier, supplier_id=row.shipment.purchase_order.supplier_id
    ),
)


def _sync(code: str, kind: str) -> QuickAction:
    return QuickAction(
        code=code,
        words=_("Sync now"),
        done=_("%s: the sync has started."),
        model=Supplier,
        do=lambda row, *_rest: enqueue_or_fail(sync_now, supplier_id=row.pk, kind=kind),
    )


QUICK_ACTIONS: dict[str, tuple[QuickAction, ...]] = {
    **PURCHASE_ACTIONS,
    "parcel_not_scanned": (ASK_ABOUT_PARCEL,),
    "parcel_without_updates": (ASK_ABOUT_PARCEL,),
    "stock_stale": (_sync("sync_stock", "stock"),),
    "costs_stale": (_sync("sync_prices", "prices"),),
    "backorder_open": (
        QuickAction(
            code="look_again",
            words=_("Search again"),
            done=_("%s: searching for another supplier."),
            model=Backorder,
            do=_reroute,
        ),
    ),
    "order_not_submitted": (
        QuickAction(
            code="divide",
            words=_("Try again"),
            done=_("%s: a new attempt has started."),
            model=Order,
            do=lambda row, *_rest: enqueue_or_fail(
                purchasing_tasks.create_purchase_orders, order_id=row.pk
            ),
        ),
    ),
    "order_payment_overdue": (
        QuickAction(
            code="expire",
            words=_("Try again"),
            done=_(
                "%s: the payment gateway is being asked. If the order is unpaid, it expires"
                " and its stock is released."
            ),
            model=Order,
            do=lambda *_rest: enqueue_or_fail(checkout_tasks.expire_unpaid),
        ),
    ),
    "payment_request_unanswered": (
        QuickAction(
            code="settle",
            words=_("Try again"),
            done=_("%s: the payment gateway is being asked. Refresh the page in a minute."),
            model=Payment,
            do=lambda *_rest: enqueue_or_fail(payment_tasks.execute_requests),
        ),
    ),
    "reconciliation_late": (
        QuickAction(
            code="compare",
            words=_("Reconcile now"),
            done=_("%s is being reconciled. Refresh the page in a minute."),
            model=ReconciliationRun,
            do=lambda row, *_rest: enqueue_or_fail(accounting_tasks.reconcile_day, day_id=row.pk),
        ),
    ),
    "address_to_erase": (
        QuickAction(
            code="asked",
            words=_("Mark as requested"),
            done=_("%s was marked as requested."),
            model=ErasureRequest,
            do=lambda row, _of, actor, now: privacy.record_asked(row=row, actor=actor, now=now),
        ),
    ),
    "sync_quarantined": (
        QuickAction(
            code="discard",
            words=_("Discard"),
            done=_("%s was discarded. The next sync is checked on its own."),
            model=SyncRun,
            do=lambda row, _of, actor, now: run_deciding.discard(
                sync_run=row, actor=actor, now=now
            ),
        ),
    ),
    "sync_failed": (
        QuickAction(
            code="sync",
            words=_("Try again"),
            done=_("%s: a new attempt has started."),
            model=SyncRun,
            do=lambda row, *_rest: enqueue_or_fail(
                sync_now, supplier_id=row.supplier_id, kind=row.kind
            ),
        ),
    ),
    "price_blocked": (
        QuickAction(
            code="reject",
            words=_("Keep current price"),
            done=_("%s: the current price was kept."),
            model=PriceHold,
            do=lambda row, _of, actor, now: price_approvals.reject(hold=row, actor=actor, now=now),
        ),
    ),
    "competitor_source_failing": (
        QuickAction(
            code="ask",
            words=_("Fetch now"),
            done=_("%s: the sync has started."),
            model=CompetitorSource,
            do=_ask_source,
        ),
    ),
    "message_undeliverable": (
        QuickAction(
            code="mail_again",
            words=_("Resend"),
            done=_("%s is being resent."),
            model=Message,
            do=_mail_again,
        ),
    ),
}


def register(*, cause: str, act: QuickAction) -> None:
    """Register the action of a rule; for apps that this one must not import."""
    QUICK_ACTIONS[cause] = (act,)
