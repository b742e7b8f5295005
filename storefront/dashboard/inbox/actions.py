"""Quick actions: list per rule the one-click actions that inbox rows offer, call their services.

Each action calls a function that refuses a finished case, so a second click changes nothing. An
action with a lasting cost, or that needs input, is on the page of its row instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.competitors import sources
from catalog.competitors.tasks import hear_competitors
from catalog.listings import price_approvals
from catalog.models import CompetitorSource, PriceHold
from notifications import dispatch
from notifications import tasks as notification_tasks
from notifications.models import Delivery
from orders import privacy
from orders.accounting.reconciliation import tasks as accounting_tasks
from orders.checkout import tasks as checkout_tasks
from orders.claims import status as claim_status
from orders.claims import submission as claim_submission
from orders.claims import tasks as claim_tasks
from orders.models import (
    MoneyDay,
    Order,
    Payment,
    PurchaseOrder,
    Setback,
    SupplierClaim,
    SupplierToAsk,
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
from storefront.dashboard.inbox.action import Act, wake
from storefront.lib.staff.admin import REFUSALS, start
from suppliers.models import FeedRun, Supplier
from suppliers.quarantine import review as run_deciding
from suppliers.sync.tasks import sync_now


def _waive(row: PurchaseOrder, key: str, actor: str, now: datetime) -> None:
    hold_reasons.insist_safe(row, key)
    if holds.waive(purchase_order=row, key=key, actor=actor, now=now):
        wake(purchasing_tasks.send, purchase_order_id=row.pk)


def _check_again(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    holds.check_again(purchase_order=row, actor=actor, now=now)
    wake(purchasing_tasks.send, purchase_order_id=row.pk)


def _look_up(row: PurchaseOrder, _of: str, _actor: str, now: datetime) -> None:
    submission_lookup.insist_ended(purchase_order=row, now=now)
    start(purchasing_tasks.look_up, purchase_order_id=row.pk)


def _send_again(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    purchasing_submission.send_again(purchase_order=row, actor=actor, now=now)
    wake(purchasing_tasks.send, purchase_order_id=row.pk)


def _send(row: PurchaseOrder, _of: str, actor: str, now: datetime) -> None:
    """Submit a purchase order now, even before its scheduled time."""
    if row.goes_at is not None and row.goes_at > now:
        purchasing_submission.send_now(purchase_order=row, actor=actor, now=now)
    start(purchasing_tasks.send, purchase_order_id=row.pk)


def _tell_claim(row: SupplierClaim, _of: str, actor: str, now: datetime) -> None:
    claim_submission.submit_again(claim=row, actor=actor, now=now)
    wake(claim_tasks.submit_claim, claim_id=row.pk)


def _look_up_claim(row: SupplierClaim, _of: str, _actor: str, now: datetime) -> None:
    claim_status.insist_ended(claim=row, now=now)
    start(claim_tasks.look_up, claim_id=row.pk)


WAIVE = Act(
    code="waive",
    words=_("Override hold"),
    done=_("%s: this hold reason was overridden."),
    model=PurchaseOrder,
    do=_waive,
)
CHECK_AGAIN = Act(
    code="check_again",
    words=_("Check again"),
    done=_("%s was checked again. Reasons that still apply keep it on hold."),
    model=PurchaseOrder,
    do=_check_again,
)
LOOK_UP = Act(
    code="look_up",
    words=_("Check status with supplier"),
    done=_("%s: the supplier is being asked. Refresh the page in a minute."),
    model=PurchaseOrder,
    do=_look_up,
)
SEND_AGAIN = Act(
    code="send_again",
    words=_("Resend"),
    done=_("%s: a new attempt has started."),
    model=PurchaseOrder,
    do=_send_again,
)
SEND = Act(
    code="send",
    words=_("Send now"),
    done=_("%s: a new attempt has started."),
    model=PurchaseOrder,
    do=_send,
)
TELL_CLAIM = Act(
    code="tell_again",
    words=_("Resend claim"),
    done=_("%s is being sent."),
    model=SupplierClaim,
    do=_tell_claim,
)
LOOK_UP_CLAIM = Act(
    code="look_up",
    words=_("Check status with supplier"),
    done=_("%s: the supplier is being asked. Refresh the page in a minute."),
    model=SupplierClaim,
    do=_look_up_claim,
)

PURCHASES: Mapping[str, tuple[Act, ...]] = {
    "purchase_held": (WAIVE, CHECK_AGAIN),
    "purchase_unknown": (LOOK_UP,),
    "purchase_cancel_silent": (LOOK_UP,),
    "purchase_blocked": (LOOK_UP,),
    "purchase_silent": (LOOK_UP,),
    "purchase_not_shipped": (LOOK_UP,),
    "purchase_rest_due": (LOOK_UP,),
    "purchase_not_sent": (SEND_AGAIN,),
    "purchase_missed": (SEND,),
    "claim_unknown": (LOOK_UP_CLAIM,),
    "claim_silent": (LOOK_UP_CLAIM,),
    "claim_not_told": (TELL_CLAIM,),
}


# Actions of each rule

REFUSED: tuple[type[Exception], ...] = (
    *REFUSALS,
    claim_submission.ClaimStoppedError,
    purchasing_submission.OrderStoppedError,
    submission_lookup.StillCallingError,
    holds.NotHeldError,
)


def _look_elsewhere(row: Setback, _of: str, _actor: str, _now: datetime) -> None:
    Setback.objects.filter(pk=row.pk, status=Setback.Status.OPEN).update(try_after=None)
    wake(reroute, setback_id=row.pk)


def _ask_source(row: CompetitorSource, _of: str, _actor: str, now: datetime) -> None:
    sources.ask_soon(source=row, now=now)
    wake(hear_competitors, source_id=row.pk)


def _mail_again(row: Delivery, _of: str, actor: str, now: datetime) -> None:
    if row.status != Delivery.Status.DEAD:
        words = _(
            "The e-mail may have been delivered. Check the mail server first, then decide"
            " in the list of notifications."
        )
        raise holds.NotHeldError(str(words))
    dispatch.send_again(delivery=row, actor=actor, now=now)
    wake(notification_tasks.send, delivery_id=row.pk)


ASK_ABOUT_PARCEL = Act(
    code="ask_supplier",
    words=_("Check status with supplier"),
    done=_("%s: the supplier is being asked. Refresh the page in a minute."),
    model=Parcel,
    do=lambda row, *_rest: start(
        poll_supplier, supplier_id=row.shipment.purchase_order.supplier_id
    ),
)


def _sync(code: str, kind: str) -> Act:
    return Act(
        code=code,
        words=_("Sync now"),
        done=_("%s: the sync has started."),
        model=Supplier,
        do=lambda row, *_rest: start(sync_now, supplier_id=row.pk, kind=kind),
    )


ACTS: dict[str, tuple[Act, ...]] = {
    **PURCHASES,
    "parcel_label_only": (ASK_ABOUT_PARCEL,),
    "parcel_silent": (ASK_ABOUT_PARCEL,),
    "stale_supplier": (_sync("sync_stock", "stock"),),
    "stale_costs": (_sync("sync_prices", "prices"),),
    "setback_open": (
        Act(
            code="look_again",
            words=_("Search again"),
            done=_("%s: searching for another supplier."),
            model=Setback,
            do=_look_elsewhere,
        ),
    ),
    "order_undivided": (
        Act(
            code="divide",
            words=_("Try again"),
            done=_("%s: a new attempt has started."),
            model=Order,
            do=lambda row, *_rest: start(purchasing_tasks.divide, order_id=row.pk),
        ),
    ),
    "order_unpaid": (
        Act(
            code="expire",
            words=_("Try again"),
            done=_(
                "%s: the payment gateway is being asked. If the order is unpaid, it expires"
                " and its stock is released."
            ),
            model=Order,
            do=lambda *_rest: start(checkout_tasks.expire_unpaid),
        ),
    ),
    "payment_unanswered": (
        Act(
            code="settle",
            words=_("Try again"),
            done=_("%s: the payment gateway is being asked. Refresh the page in a minute."),
            model=Payment,
            do=lambda *_rest: start(payment_tasks.settle_payments),
        ),
    ),
    "money_day_late": (
        Act(
            code="compare",
            words=_("Reconcile now"),
            done=_("%s is being reconciled. Refresh the page in a minute."),
            model=MoneyDay,
            do=lambda row, *_rest: start(accounting_tasks.reconcile_day, day_id=row.pk),
        ),
    ),
    "address_to_erase": (
        Act(
            code="asked",
            words=_("Mark as requested"),
            done=_("%s was marked as requested."),
            model=SupplierToAsk,
            do=lambda row, _of, actor, now: privacy.asked(row=row, actor=actor, now=now),
        ),
    ),
    "run_quarantined": (
        Act(
            code="discard",
            words=_("Discard"),
            done=_("%s was discarded. The next sync is checked on its own."),
            model=FeedRun,
            do=lambda row, _of, actor, now: run_deciding.discard(
                feed_run=row, actor=actor, now=now
            ),
        ),
    ),
    "run_failed": (
        Act(
            code="sync",
            words=_("Try again"),
            done=_("%s: a new attempt has started."),
            model=FeedRun,
            do=lambda row, *_rest: start(sync_now, supplier_id=row.supplier_id, kind=row.kind),
        ),
    ),
    "price_held": (
        Act(
            code="reject",
            words=_("Keep current price"),
            done=_("%s: the current price was kept."),
            model=PriceHold,
            do=lambda row, _of, actor, now: price_approvals.reject(hold=row, actor=actor, now=now),
        ),
    ),
    "competitors_unheard": (
        Act(
            code="ask",
            words=_("Fetch now"),
            done=_("%s: the sync has started."),
            model=CompetitorSource,
            do=_ask_source,
        ),
    ),
    "message_dead": (
        Act(
            code="mail_again",
            words=_("Resend"),
            done=_("%s is being resent."),
            model=Delivery,
            do=_mail_again,
        ),
    ),
}


def offer(*, cause: str, act: Act) -> None:
    """Register the action of a rule; for apps that this one must not import."""
    ACTS[cause] = (act,)
