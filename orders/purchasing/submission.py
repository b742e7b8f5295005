"""Submission: create the purchase orders of a paid order, submit each exactly once.

step    what happens                                    transaction     safe to repeat because
divide  one purchase order per supplier and location    one             only a placed order
check   hold rules; a reason sets ``on_hold``           one, if held    checked again under the lock
mark    ``submitting``, attempt counted, message stored one, committed  guarded UPDATE
call    the supplier, with our number as reference      none            a duplicate is looked up
record  accepted, failed, rejected or unknown           one             an answer names its attempt

An unknown outcome is never submitted again: ``submission_lookup`` asks the supplier first.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, ngettext

from orders.addresses import pending_changes
from orders.backorders import purchase_order_cancellation
from orders.models import Order, OrderLine, PurchaseMessage, PurchaseOrder
from orders.purchasing import (
    acknowledgements,
    creation,
    locks,
    out_of_stock,
    reassignment,
    retries,
    submission_lookup,
)
from orders.purchasing.creation import SourcedLine
from orders.purchasing.holds.facts import evaluate_purchase_order
from orders.purchasing.holds.rules import NO_SHIPPING_METHOD, HoldReason
from orders.purchasing.supplier_request import as_logged, build_request
from storefront.identity import live_database
from storefront.lib.address import Address
from storefront.lib.clock import Clock, running_clock
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import Connector, OrderPlacing, require
from suppliers.connectors.records import (
    DuplicateReferenceError,
    ItemUnavailableError,
    NoShippingServiceError,
    PurchaseOrderRequest,
)

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


@transaction.atomic(durable=True)
def create_purchase_orders(*, order: Order, now: datetime) -> list[PurchaseOrder]:
    """Create the purchase orders of a paid order that has none and is not held. Locks the order."""
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    return create_locked(order, now=now) if order.status == Order.Status.PLACED else []


@requires_transaction
def create_locked(order: Order, *, now: datetime) -> list[PurchaseOrder]:
    """Create one purchase order per supplier and location of a paid order that has none.

    A held order stays held: nothing of it is submitted.

    Locks:  the caller holds the order
    """
    by_location: dict[int, list[OrderLine]] = defaultdict(list)
    for line in order.lines.select_related("level__location").order_by("pk"):
        by_location[line.level.location_id].append(line)
    plan = {entry["location_id"]: entry for entry in order.delivery_plan}
    submit_times = creation.submit_times(
        order=order, entries=order.delivery_plan, promised_at=order.placed_at, now=now
    )
    purchase_orders = [
        creation.create(
            order=order,
            entry=plan[location_id],
            sourced=[
                SourcedLine(
                    line=line,
                    offer_id=line.offer_id,
                    level_id=line.level_id,
                    cost=Money(line.cost_amount, line.cost_currency),
                )
                for line in lines
            ],
            sequence=sequence,
            submit_at=submit_times[plan[location_id]["supplier_id"]],
            now=now,
        )
        for sequence, (location_id, lines) in enumerate(sorted(by_location.items()), start=1)
    ]
    if order.status == Order.Status.PLACED:
        message = ngettext(
            "%(count)d purchase order", "%(count)d purchase orders", len(purchase_orders)
        )
        reason = message % {"count": len(purchase_orders)}
        order.move(Order.Status.PROCESSING, at=now, reason=reason)
    failpoint("divide.before_commit")
    return purchase_orders


class NotSubmittableError(Exception):
    """The purchase order is held, canceled, submitted or being submitted by another worker."""


def submit(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Check the hold rules, then hold the purchase order or submit it to its supplier.

    ``submitting`` is committed before the call. If the effect of the call is unknown, the state
    becomes ``submit_unknown``, which only ``submission_lookup.resolve`` ends. So does an order
    from before a backup was restored, without a call.

    Raises: NotSubmittableError  nothing to submit, another worker submits it, or the database is a
                                 copy
    """
    clock = running_clock(now)
    _require_submittable(purchase_order)
    with open_connector(purchase_order.supplier) as connector:
        reasons = evaluate_purchase_order(
            purchase_order=purchase_order, connector=connector, now=now
        )
        if reasons:
            if not reassignment.reassign_undeliverable(purchase_order, reasons, now=now):
                _hold(purchase_order, reasons, now)
            return purchase_order
        request = build_request(purchase_order)
        is_forgotten = _is_forgotten(purchase_order)
        if not _mark_submitting(purchase_order, request, now):
            return purchase_order
        if is_forgotten:
            submission_lookup.mark_unknown(purchase_order, retries.RESTORED, now)
        else:
            # The supplier decrements stock during the call: the answer needs a time after it.
            _call_supplier(purchase_order, request, connector, clock)
    return purchase_order


def _is_forgotten(purchase_order: PurchaseOrder) -> bool:
    """Return whether the supplier may have received it before a backup was restored."""
    database = live_database.read()
    if not database.is_live:
        raise NotSubmittableError(f"{purchase_order}: this database is a copy")
    attempts = purchase_order.messages.filter(direction=PurchaseMessage.Direction.OUT, kind="place")
    placed_at = purchase_order.order.placed_at
    return retries.is_forgotten(database, since=placed_at, attempts=attempts)


def _require_submittable(purchase_order: PurchaseOrder) -> None:
    is_unsubmitted = purchase_order.submission_status in PurchaseOrder.UNSUBMITTED_STATES
    if not is_unsubmitted or purchase_order.status not in {Status.DRAFT, Status.READY}:
        raise NotSubmittableError(
            f"{purchase_order}: {purchase_order.status}, {purchase_order.submission_status}"
        )


@transaction.atomic(durable=True)
def _hold(purchase_order: PurchaseOrder, reasons: Sequence[HoldReason], now: datetime) -> None:
    """Put the purchase order on hold, unless it changed while the supplier was called.

    Locks:  the order, then the purchase order
    """
    locks.lock(purchase_order)
    _require_submittable(purchase_order)
    purchase_order.move(
        Status.ON_HOLD,
        at=now,
        reason="; ".join(reason.sentence for reason in reasons),
        hold_reasons=[reason.to_json() for reason in reasons],
    )


@transaction.atomic(durable=True)
def _mark_submitting(
    purchase_order: PurchaseOrder, request: PurchaseOrderRequest, now: datetime
) -> bool:
    """Mark it ``submitting`` and log the message; return False if it is not to be submitted.

    The rows are locked and read again, so that an earlier cancellation, hold or submission is
    seen. A pending cancellation or address change is applied instead.

    Locks:  the order, then the purchase order; for a cancellation also those of
            ``purchase_order_cancellation.cancel``
    """
    order = locks.lock(purchase_order)
    _require_submittable(purchase_order)
    if purchase_order.cancel_requested_at is not None:
        purchase_order_cancellation.cancel(
            purchase_order, cause="canceled", reason=purchase_order.cancel_reason, now=now
        )
        return False
    if order.status != Order.Status.PROCESSING:
        raise NotSubmittableError(f"{order}: {order.status}")
    if pending_changes.apply(purchase_order, now=now):
        # The supplier does not have it: the next attempt carries the new address.
        return False
    if request.ship_to != Address(**purchase_order.goes_to):
        raise NotSubmittableError(f"{order}: its address was changed")
    active = purchase_order.lines.filter(is_active=True).order_by("pk")
    if [(line.reference, line.quantity) for line in request.lines] != [
        (str(line_id), quantity)
        for line_id, quantity in active.values_list("order_line", "quantity")
    ]:
        raise NotSubmittableError(f"{order}: some of its items were canceled")
    if purchase_order.status == Status.DRAFT:
        purchase_order.move(Status.READY, at=now, hold_reasons=[])
    purchase_order.move(
        Submission.SUBMITTING,
        at=now,
        status_field="submission_status",
        attempts=purchase_order.attempts + 1,
        retry_at=None,
        problem="",
    )
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.OUT, kind="place", body=as_logged(request), at=now
    )
    return True


def _call_supplier(
    purchase_order: PurchaseOrder, request: PurchaseOrderRequest, connector: Connector, clock: Clock
) -> None:
    failpoint("purchase.before_call")
    try:
        state = require(connector, OrderPlacing).place(request)
        failpoint("purchase.after_call")
    except DuplicateReferenceError as error:
        submission_lookup.mark_unknown(purchase_order, error, clock())
        submission_lookup.look_up(purchase_order, connector, clock())
        out_of_stock.flag_duplicate(purchase_order)
    except PermanentError as error:
        if error.is_outcome_unknown:
            submission_lookup.mark_unknown(purchase_order, error, clock())
        elif isinstance(error, ItemUnavailableError):
            out_of_stock.split_refused_order(
                purchase_order=purchase_order, error=error, connector=connector, now=clock()
            )
        elif isinstance(error, NoShippingServiceError):
            reason = HoldReason(
                NO_SHIPPING_METHOD,
                f"The supplier has no shipping method to this address: {error}"[:280],
            )
            submission_lookup.mark_held(purchase_order, reason, clock())
            reassignment.reassign_undeliverable(purchase_order, [reason], now=clock())
        else:
            refused = HoldReason("refused", f"The supplier rejected the order: {error}"[:280])
            submission_lookup.mark_held(purchase_order, refused, clock())
    except TemporaryError as error:
        if error.is_outcome_unknown:
            submission_lookup.mark_unknown(purchase_order, error, clock())
        else:
            submission_lookup.mark_failed(purchase_order, error, clock())
    else:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=clock())


def resubmit(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Retry a failed submission now.

    Raises: NotSubmittableError  it did not fail, or is on hold: release the hold first
    """
    failed = PurchaseOrder.objects.filter(
        pk=purchase_order.pk, submission_status=Submission.SUBMIT_FAILED, status=Status.READY
    )
    if not failed.update(retry_at=now, problem=f"{actor} requested to submit it now"):
        message = gettext("%(row)s did not fail, or is on hold. Release the hold first.")
        raise NotSubmittableError(message % {"row": purchase_order})


def submit_now(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Submit a batched purchase order before its ``submit_at``.

    Raises: NotSubmittableError  it is not batched, or is on hold: release the hold first
    """
    batched = PurchaseOrder.objects.filter(
        pk=purchase_order.pk,
        submission_status=Submission.UNSUBMITTED,
        status__in=[Status.DRAFT, Status.READY],
        submit_at__gt=now,
    )
    if not batched.update(submit_at=now, problem=f"{actor} requested to submit it now"):
        message = gettext("%(row)s is not scheduled, or is on hold. Release the hold first.")
        raise NotSubmittableError(message % {"row": purchase_order})
