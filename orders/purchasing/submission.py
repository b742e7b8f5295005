"""Submission: create the purchase orders of a paid order, submit each exactly once.

step    what happens                                    transaction     safe to repeat because
divide  one purchase order per supplier and location    one             only a placed order
check   hold rules; a reason sets ``on_hold``           one, if held    checked again under the lock
mark    ``submitting``, attempt counted, message kept   one, committed  guarded UPDATE
call    the supplier, with our number as reference      none            a duplicate is looked up
record  accepted, failed, rejected or unknown           one             an answer names its attempt

An unknown outcome is never submitted again: ``submission_lookup`` asks the supplier first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import ngettext

from orders.addresses import pending_changes
from orders.backorders import purchase_order_cancellation
from orders.models import Order, OrderLine, PurchaseMessage, PurchaseOrder
from orders.purchasing import (
    acknowledgements,
    creation,
    locks,
    out_of_stock,
    reassignment,
    submission_lookup,
)
from orders.purchasing.creation import Taken
from orders.purchasing.holds.facts import check
from orders.purchasing.holds.rules import NO_WAY, Reason
from orders.purchasing.supplier_request import request_for, spoken
from storefront.lib.address import Address
from storefront.lib.clock import elapsing
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import Connector, OrderPlacing, able
from suppliers.connectors.records import (
    DuplicateReferenceError,
    NoWayError,
    PurchaseRequest,
    WantingError,
)

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request
Clock = Callable[[], datetime]


@transaction.atomic(durable=True)
def divide(*, order: Order, now: datetime) -> list[PurchaseOrder]:
    """Create one purchase order per supplier and location of a paid order.

    Locks:  the order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.PLACED:
        return []
    by_location: dict[int, list[OrderLine]] = defaultdict(list)
    for line in order.lines.select_related("level__location").order_by("pk"):
        by_location[line.level.location_id].append(line)
    plan = {entry["location_id"]: entry for entry in order.delivery_plan}
    moments = creation.moments(
        order=order, entries=order.delivery_plan, promised_at=order.placed_at, now=now
    )
    made = [
        creation.make(
            order=order,
            entry=plan[location_id],
            taken=[
                Taken(
                    line=line,
                    offer_id=line.offer_id,
                    level_id=line.level_id,
                    cost=Money(line.cost_amount, line.cost_currency),
                )
                for line in lines
            ],
            place=place,
            goes_at=moments[plan[location_id]["supplier_id"]],
            now=now,
        )
        for place, (location_id, lines) in enumerate(sorted(by_location.items()), start=1)
    ]
    words = ngettext("%(count)d purchase order", "%(count)d purchase orders", len(made))
    order.move(Order.Status.PROCESSING, at=now, reason=words % {"count": len(made)})
    failpoint("divide.before_commit")
    return made


class OrderStoppedError(Exception):
    """The purchase order is held, canceled, submitted or being submitted by another worker."""


def send(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Check the hold rules, then hold the purchase order or submit it to its supplier.

    ``submitting`` is committed before the call. If the call leaves its effect open, the state
    becomes ``submit_unknown``, which only ``submission_lookup.resolve`` ends.

    Raises: OrderStoppedError  nothing to submit, or another worker submits it
    """
    moment = elapsing(now)
    _insist_sendable(purchase_order)
    with adapter_for(purchase_order.supplier) as connector:
        reasons = check(purchase_order=purchase_order, connector=connector, now=now)
        if reasons:
            if not reassignment.follow(purchase_order, reasons, now=now):
                _hold(purchase_order, reasons, now)
            return purchase_order
        request = request_for(purchase_order)
        if _claim(purchase_order, request, now):
            # The supplier decrements stock before it answers: the answer needs the later time.
            _place(purchase_order, request, connector, moment)
    return purchase_order


def _insist_sendable(purchase_order: PurchaseOrder) -> None:
    is_ours = purchase_order.request_status in PurchaseOrder.NEVER_SENT
    if not is_ours or purchase_order.status not in {Status.DRAFT, Status.READY}:
        raise OrderStoppedError(
            f"{purchase_order}: {purchase_order.status}, {purchase_order.request_status}"
        )


@transaction.atomic(durable=True)
def _hold(purchase_order: PurchaseOrder, reasons: Sequence[Reason], now: datetime) -> None:
    """Put the purchase order on hold, unless it changed while the supplier was called.

    Locks:  the order, then the purchase order
    """
    locks.lock(purchase_order)
    _insist_sendable(purchase_order)
    purchase_order.move(
        Status.ON_HOLD,
        at=now,
        reason="; ".join(reason.sentence for reason in reasons),
        hold_reasons=[reason.kept() for reason in reasons],
    )


@transaction.atomic(durable=True)
def _claim(purchase_order: PurchaseOrder, request: PurchaseRequest, now: datetime) -> bool:
    """Mark it ``submitting`` and log the message; return False if it is not to be submitted.

    The rows are locked and read again, so a cancellation, a hold or another worker comes either
    before (and is seen) or after. A pending cancellation or address change is applied instead.

    Locks:  the order, then the purchase order; for a cancellation also what ``close`` locks
    """
    order = locks.lock(purchase_order)
    _insist_sendable(purchase_order)
    if purchase_order.cancel_wanted_at is not None:
        purchase_order_cancellation.close(
            purchase_order, cause="canceled", reason=purchase_order.cancel_reason, now=now
        )
        return False
    if order.status != Order.Status.PROCESSING:
        raise OrderStoppedError(f"{order}: {order.status}")
    if pending_changes.take(purchase_order, now=now):
        # The supplier does not have it: the next attempt carries the new address.
        return False
    if request.ship_to != Address(**purchase_order.goes_to):
        raise OrderStoppedError(f"{order}: its address was changed")
    if purchase_order.status == Status.DRAFT:
        purchase_order.move(Status.READY, at=now, hold_reasons=[])
    purchase_order.move(
        Request.SUBMITTING,
        at=now,
        axis="request_status",
        attempts=purchase_order.attempts + 1,
        try_after=None,
        problem="",
    )
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.OUT,
        kind="place",
        body=spoken(request),
        at=now,
    )
    return True


def _place(
    purchase_order: PurchaseOrder, request: PurchaseRequest, connector: Connector, moment: Clock
) -> None:
    failpoint("purchase.before_call")
    try:
        state = able(connector, OrderPlacing).place(request)
        failpoint("purchase.after_call")
    except DuplicateReferenceError as error:
        submission_lookup.unknown(purchase_order, error, moment())
        submission_lookup.look_up(purchase_order, connector, moment())
        out_of_stock.doubt(purchase_order)
    except PermanentError as error:
        if error.may_have_happened:
            submission_lookup.unknown(purchase_order, error, moment())
        elif isinstance(error, WantingError):
            out_of_stock.follow(
                purchase_order=purchase_order, error=error, connector=connector, now=moment()
            )
        elif isinstance(error, NoWayError):
            reason = Reason(
                NO_WAY, f"The supplier has no shipping method to this address: {error}"[:280]
            )
            submission_lookup.held(purchase_order, reason, moment())
            reassignment.follow(purchase_order, [reason], now=moment())
        else:
            refused = Reason("refused", f"The supplier rejected the order: {error}"[:280])
            submission_lookup.held(purchase_order, refused, moment())
    except TemporaryError as error:
        if error.may_have_happened:
            submission_lookup.unknown(purchase_order, error, moment())
        else:
            submission_lookup.failed(purchase_order, error, moment())
    else:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=moment())


def send_again(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Retry a failed submission now.

    Raises: OrderStoppedError  it did not fail, or it is held: release the hold first
    """
    failed = PurchaseOrder.objects.filter(
        pk=purchase_order.pk, request_status=Request.SUBMIT_FAILED, status=Status.READY
    )
    if not failed.update(try_after=now, problem=f"{actor} requested to submit it now"):
        raise OrderStoppedError(f"{purchase_order} did not fail, or is on hold.")


def send_now(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Submit a batched purchase order before its ``goes_at``.

    Raises: OrderStoppedError  it is not batched, or it is held: release the hold first
    """
    collected = PurchaseOrder.objects.filter(
        pk=purchase_order.pk,
        request_status=Request.UNSUBMITTED,
        status__in=[Status.DRAFT, Status.READY],
        goes_at__gt=now,
    )
    if not collected.update(goes_at=now, problem=f"{actor} requested to submit it now"):
        raise OrderStoppedError(f"{purchase_order} is not scheduled, or is on hold.")
