"""Quick actions: list per rule the one-click actions that inbox rows offer, call their services.

Each action calls a function that refuses a finished case, so a second click changes nothing. An
action with a lasting cost, or that needs input, is on the page of its row instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.functional import Promise
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
from shipping.shipments.carrier_confirmation import keep_carrier
from shipping.tasks import poll_supplier
from storefront.dashboard.inbox import hold_reasons
from storefront.lib.staff.admin import SERVICE_ERRORS, enqueue_or_fail
from storefront.lib.tasks import enqueue
from suppliers.models import Supplier, SyncRun
from suppliers.quarantine import review as quarantine_review
from suppliers.sync.tasks import sync_now

USER_ERRORS: tuple[type[Exception], ...] = (
    *SERVICE_ERRORS,
    claim_submission.ClaimStateError,
    purchasing_submission.NotSubmittableError,
    submission_lookup.CallInProgressError,
    holds.NotHeldError,
)
CHECK_WITH_SUPPLIER = _("Check status with supplier")
STATUS_REQUESTED = _("%s: the supplier is being asked. Refresh the page in a minute.")
STATUS_EFFECT = _(
    "The supplier of each item is asked for its status. Nothing is ordered or canceled."
)
TRY_AGAIN = _("Try again")
ATTEMPT_STARTED = _("%s: a new attempt has started.")
SYNC_STARTED = _("%s: the sync has started.")


@dataclass(frozen=True, slots=True)
class QuickAction:
    """A quick action. ``do`` gets the row, the part of the row to act on, the user and the time.

    ``effect`` says what happens, in the preview of a run for several rows. Without it, the action
    is for single rows: it needs a part of the row, or one click already acts on all rows.
    """

    code: str
    label: str | Promise
    done: str | Promise
    model: type[models.Model]
    do: Callable[[Any, str, str, datetime], object]
    effect: str | Promise = ""


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


def _resubmit(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    purchasing_submission.resubmit(purchase_order=row, actor=actor, now=now)
    enqueue(purchasing_tasks.submit, purchase_order_id=row.pk)


def _submit_now(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
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


def _reroute(row: Backorder, _of: str, _actor: str, _now: datetime) -> None:
    Backorder.objects.filter(pk=row.pk, status=Backorder.Status.OPEN).update(retry_at=None)
    enqueue(reroute, backorder_id=row.pk)


def _keep_carrier(row: Parcel, _of: str, actor: str, now: datetime) -> None:
    keep_carrier(parcel=row, actor=actor, now=now)


def _fetch_source(row: CompetitorSource, _of: str, _actor: str, now: datetime) -> None:
    sources.make_due(source=row, now=now)
    enqueue(fetch_source, source_id=row.pk)


def _resend_message(row: Message, _of: str, actor: str, now: datetime) -> None:
    if row.status != Message.Status.FAILED:
        message = _(
            "The e-mail may have been delivered. Check the mail server first, then decide"
            " in the list of notifications."
        )
        raise holds.NotHeldError(str(message))
    dispatch.resend(message=row, actor=actor, now=now)
    enqueue(notification_tasks.send, message_id=row.pk)


def _sync(kind: str) -> Callable[..., None]:
    return lambda row, *_args: enqueue_or_fail(sync_now, supplier_id=row.pk, kind=kind)


WAIVE = QuickAction(
    "waive",
    _("Waive hold reason"),
    _("%s: this hold reason is waived."),
    PurchaseOrder,
    _waive,
)
CHECK_AGAIN = QuickAction(
    "check_again",
    _("Check again"),
    _("%s was checked again. Reasons that still apply keep it on hold."),
    PurchaseOrder,
    _check_again,
    _(
        "The reasons are checked again. Purchase orders without a reason that still applies are"
        " submitted."
    ),
)
LOOK_UP = QuickAction(
    "look_up", CHECK_WITH_SUPPLIER, STATUS_REQUESTED, PurchaseOrder, _look_up, STATUS_EFFECT
)
LOOK_UP_CLAIM = QuickAction(
    "look_up", CHECK_WITH_SUPPLIER, STATUS_REQUESTED, SupplierClaim, _look_up_claim, STATUS_EFFECT
)
LOOK_UP_PARCEL = QuickAction(
    "look_up",
    CHECK_WITH_SUPPLIER,
    STATUS_REQUESTED,
    Parcel,
    lambda row, *_args: enqueue_or_fail(
        poll_supplier, supplier_id=row.shipment.purchase_order.supplier_id
    ),
    STATUS_EFFECT,
)
KEEP_CARRIER = QuickAction(
    "keep_carrier",
    _("Keep carrier and number"),
    _("%s: the carrier and the number are kept."),
    Parcel,
    _keep_carrier,
    _("The carrier and the tracking number stay as the supplier sent them."),
)
QUICK_ACTIONS: dict[str, tuple[QuickAction, ...]] = {
    "purchase_order_on_hold": (WAIVE, CHECK_AGAIN),
    "submission_unconfirmed": (LOOK_UP,),
    "cancellation_unanswered": (LOOK_UP,),
    "purchase_order_blocked_by_supplier": (LOOK_UP,),
    "acknowledgement_late": (LOOK_UP,),
    "shipment_late": (LOOK_UP,),
    "partial_shipment_late": (LOOK_UP,),
    "claim_submission_unconfirmed": (LOOK_UP_CLAIM,),
    "claim_undecided": (LOOK_UP_CLAIM,),
    "parcel_check_digit": (KEEP_CARRIER, LOOK_UP_PARCEL),
    "parcel_other_carrier": (KEEP_CARRIER, LOOK_UP_PARCEL),
    "parcel_not_scanned": (LOOK_UP_PARCEL,),
    "parcel_without_updates": (LOOK_UP_PARCEL,),
    "parcel_late": (LOOK_UP_PARCEL,),
    "parcel_tracking_ended": (LOOK_UP_PARCEL,),
    "submission_failed": (
        QuickAction(
            "resubmit",
            _("Resend"),
            ATTEMPT_STARTED,
            PurchaseOrder,
            _resubmit,
            _("Each purchase order is sent to its supplier again, under the same number."),
        ),
    ),
    "submission_late": (
        QuickAction(
            "submit_now",
            _("Send now"),
            ATTEMPT_STARTED,
            PurchaseOrder,
            _submit_now,
            _("Each purchase order is sent to its supplier now."),
        ),
    ),
    "claim_not_submitted": (
        QuickAction(
            "resubmit",
            _("Resend claim"),
            _("%s is being sent."),
            SupplierClaim,
            _resubmit_claim,
            _("Each claim is sent to its supplier again, under the same number."),
        ),
    ),
    "stock_stale": (
        QuickAction(
            "sync_stock",
            _("Sync now"),
            SYNC_STARTED,
            Supplier,
            _sync("stock"),
            _("The stock of each supplier is synced now."),
        ),
    ),
    "costs_stale": (
        QuickAction(
            "sync_prices",
            _("Sync now"),
            SYNC_STARTED,
            Supplier,
            _sync("prices"),
            _("The costs of each supplier are synced now."),
        ),
    ),
    "backorder_open": (
        QuickAction(
            "reroute",
            _("Search again"),
            _("%s: searching for another supplier."),
            Backorder,
            _reroute,
            _("Another supplier is searched for each item. If one is found, it gets the order."),
        ),
    ),
    "order_not_submitted": (
        QuickAction(
            "create_purchase_orders",
            TRY_AGAIN,
            ATTEMPT_STARTED,
            Order,
            lambda row, *_args: enqueue_or_fail(
                purchasing_tasks.create_purchase_orders, order_id=row.pk
            ),
            _("Purchase orders are created for each order that has none yet."),
        ),
    ),
    "order_payment_overdue": (
        QuickAction(
            "expire",
            TRY_AGAIN,
            _(
                "%s: the payment gateway is being asked. If the order is unpaid, it expires"
                " and its stock is released."
            ),
            Order,
            lambda *_args: enqueue_or_fail(checkout_tasks.expire_unpaid),
        ),
    ),
    "payment_request_unanswered": (
        QuickAction(
            "execute_requests",
            TRY_AGAIN,
            _("%s: the payment gateway is being asked. Refresh the page in a minute."),
            Payment,
            lambda *_args: enqueue_or_fail(payment_tasks.execute_requests),
        ),
    ),
    "reconciliation_late": (
        QuickAction(
            "reconcile",
            _("Reconcile now"),
            _("%s is being reconciled. Refresh the page in a minute."),
            ReconciliationRun,
            lambda row, *_args: enqueue_or_fail(accounting_tasks.reconcile_day, day_id=row.pk),
            _("Each day is reconciled with the payment gateway and the suppliers again."),
        ),
    ),
    "address_to_erase": (
        QuickAction(
            "mark_sent",
            _("Mark as sent"),
            _("%s was marked as sent."),
            ErasureRequest,
            lambda row, _of, actor, now: privacy.record_sent(row=row, actor=actor, now=now),
            _("Each request is recorded as sent. Use this after you asked the suppliers."),
        ),
    ),
    "sync_quarantined": (
        QuickAction(
            "discard",
            _("Discard"),
            _("%s was discarded. The next sync is checked on its own."),
            SyncRun,
            lambda row, _of, actor, now: quarantine_review.discard(
                sync_run=row, actor=actor, now=now
            ),
            _("The quarantined data is discarded. The next sync is checked on its own."),
        ),
    ),
    "sync_failed": (
        QuickAction(
            "sync",
            TRY_AGAIN,
            ATTEMPT_STARTED,
            SyncRun,
            lambda row, *_args: enqueue_or_fail(
                sync_now, supplier_id=row.supplier_id, kind=row.kind
            ),
            _("Each failed job runs again."),
        ),
    ),
    "price_blocked": (
        QuickAction(
            "reject",
            _("Keep current price"),
            _("%s: the current price was kept."),
            PriceHold,
            lambda row, _of, actor, now: price_approvals.reject(hold=row, actor=actor, now=now),
            _(
                "Each current price stays; what is unavailable at that price stays unavailable. The"
                " same suggestion is not held again."
            ),
        ),
    ),
    "competitor_source_failing": (
        QuickAction(
            "fetch",
            _("Fetch now"),
            SYNC_STARTED,
            CompetitorSource,
            _fetch_source,
            _("The prices of each source are fetched now."),
        ),
    ),
    "message_undeliverable": (
        QuickAction(
            "resend",
            _("Resend"),
            _("%s is being resent."),
            Message,
            _resend_message,
            _("Each e-mail is sent again, except those that may have been delivered."),
        ),
    ),
}


def bulk_actions(code: str) -> tuple[QuickAction, ...]:
    """Return the quick actions of a rule that can run for several rows."""
    return tuple(act for act in QUICK_ACTIONS.get(code, ()) if act.effect)
