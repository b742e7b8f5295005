"""Divide a paid order into purchase orders, and send each to its supplier exactly once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from orders import acknowledging
from orders.checking import check
from orders.models import Order, OrderLine, PurchaseLine, PurchaseMessage, PurchaseOrder
from orders.requesting import request_for, spoken
from storefront.lib.failpoints import failpoint
from storefront.lib.failures import PermanentError, TemporaryError
from suppliers.adapters.base import (
    DuplicateReferenceError,
    GoneError,
    OutOfStockError,
    PurchaseRequest,
    PurchaseState,
    Purchasing,
)
from suppliers.connecting import adapter_for

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request

# Longer than any call can take: after this, whoever was sending is dead.
SENDING_TAKES = timedelta(seconds=90)
FIRST_RETRY_AFTER = timedelta(seconds=10)
LONGEST_RETRY_AFTER = timedelta(minutes=30)
SENDABLE = (Request.UNSUBMITTED, Request.SUBMIT_FAILED)


@transaction.atomic(durable=True)
def divide(*, order: Order, now: datetime) -> list[PurchaseOrder]:
    """Make one purchase order per supplier and location of a paid order.

    Locks:  the order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.PLACED:
        return []
    by_location: dict[int, list[OrderLine]] = defaultdict(list)
    for line in order.lines.select_related("level__location").order_by("pk"):
        by_location[line.level.location_id].append(line)
    plan = {entry["location_id"]: entry for entry in order.delivery_plan}
    made = []
    for place, (location_id, lines) in enumerate(sorted(by_location.items()), start=1):
        entry = plan[location_id]
        goods = sum((line.line_amount for line in lines), Decimal(0))
        purchase_order = PurchaseOrder.objects.create(
            order=order,
            supplier_id=entry["supplier_id"],
            location_id=location_id,
            number=f"{order.number}-{place}",
            service_code=entry["service_code"],
            carrier_service=entry["carrier_service"],
            currency=order.currency,
            charge_amount=goods + Decimal(entry["amount"]),
            status=Status.DRAFT,
            status_since=now,
            request_status=Request.UNSUBMITTED,
            request_status_since=now,
        )
        PurchaseLine.objects.bulk_create(
            PurchaseLine(
                purchase_order=purchase_order,
                order_line=line,
                quantity=line.quantity,
                agreed_cost_amount=line.cost_amount,
            )
            for line in lines
        )
        made.append(purchase_order)
    order.move(Order.Status.PROCESSING, at=now, reason=f"{len(made)} purchase orders")
    return made


def send(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Check one purchase order, and tell its supplier if nothing stands against it.

    Our number is stored as ``submitting`` before the call. What the call left open becomes
    ``submit_unknown``, which only ``resolve`` may end.

    Raises: LostRaceError  another worker has it
            IllegalMoveError  it is not to be sent any more
    """
    with adapter_for(purchase_order.supplier) as adapter:
        reasons = check(purchase_order=purchase_order, freight=adapter)
        if reasons:
            purchase_order.move(
                Status.ON_HOLD,
                at=now,
                reason="; ".join(reason.sentence for reason in reasons),
                hold_reasons=[
                    {"code": reason.code, "sentence": reason.sentence} for reason in reasons
                ],
            )
            return purchase_order
        request = request_for(purchase_order)
        _claim(purchase_order, request, now)
        _place(purchase_order, request, adapter, now)
    return purchase_order


@transaction.atomic(durable=True)
def _claim(purchase_order: PurchaseOrder, request: PurchaseRequest, now: datetime) -> None:
    """Say in the database what we are about to say to the supplier.

    The order's row is locked so that a cancellation either comes before, and is seen, or after.
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=purchase_order.order_id)
    if purchase_order.status == Status.DRAFT:
        purchase_order.move(Status.READY, at=now, hold_reasons=[])
    if order.status != Order.Status.PROCESSING:
        raise OrderStoppedError(f"{order}: {order.status}")
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


class OrderStoppedError(Exception):
    """The order is on hold or canceled: nothing is sent for it."""


def _place(
    purchase_order: PurchaseOrder, request: PurchaseRequest, adapter: Purchasing, now: datetime
) -> None:
    failpoint("purchase.before_call")
    try:
        state = adapter.place(request)
        failpoint("purchase.after_call")
    except DuplicateReferenceError as error:
        _unknown(purchase_order, str(error), now)
        _look_up(purchase_order, adapter, now)
    except (OutOfStockError, GoneError) as error:
        acknowledging.refuse(purchase_order=purchase_order, reason=str(error), now=now)
    except PermanentError as error:
        if error.may_have_happened:
            _unknown(purchase_order, str(error), now)
        else:
            _held(purchase_order, str(error), now)
    except TemporaryError as error:
        if error.may_have_happened:
            _unknown(purchase_order, str(error), now)
        else:
            _failed(purchase_order, str(error), now)
    else:
        acknowledging.apply(purchase_order=purchase_order, state=state, now=now)


def resolve(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Find out what became of a call without an answer, before anything is sent again.

    Found at the supplier: adopted. Proven absent: it may be sent again.

    Raises: TemporaryError  the supplier does not answer; it stays unknown
    """
    if purchase_order.request_status == Request.SUBMITTING:
        if purchase_order.request_status_since > now - SENDING_TAKES:
            return purchase_order
        _unknown(purchase_order, "The worker that was sending it died.", now)
    with adapter_for(purchase_order.supplier) as adapter:
        _look_up(purchase_order, adapter, now)
    return purchase_order


def _look_up(purchase_order: PurchaseOrder, adapter: Purchasing, now: datetime) -> None:
    state: PurchaseState | None = adapter.find(number=purchase_order.number)
    if state is None:
        _failed(purchase_order, "The supplier does not have it: it will be sent again.", now)
    else:
        acknowledging.apply(purchase_order=purchase_order, state=state, now=now)


def release_hold(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Send it all the same: the present reasons are waived, new ones would hold it again."""
    codes = {reason["code"] for reason in purchase_order.hold_reasons}
    purchase_order.move(
        Status.READY,
        at=now,
        actor=actor,
        reason="staff waived: " + ", ".join(sorted(codes)),
        waived_reasons=sorted(codes | set(purchase_order.waived_reasons)),
        hold_reasons=[],
    )


def send_again(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Let a failed sending be tried at once instead of when its turn comes."""
    PurchaseOrder.objects.filter(pk=purchase_order.pk, request_status=Request.SUBMIT_FAILED).update(
        try_after=now, problem=f"{actor} asked to send it now"
    )


def _unknown(purchase_order: PurchaseOrder, problem: str, now: datetime) -> None:
    purchase_order.move(
        Request.SUBMIT_UNKNOWN,
        at=now,
        axis="request_status",
        reason=problem,
        problem=problem[:300],
    )


@transaction.atomic(durable=True)
def _held(purchase_order: PurchaseOrder, problem: str, now: datetime) -> None:
    """Wait for staff: he refuses how we ask (a key, a balance, a route), not the goods."""
    purchase_order.move(
        Request.SUBMIT_FAILED,
        at=now,
        axis="request_status",
        reason=problem,
        problem=problem[:300],
        try_after=now,
    )
    purchase_order.move(
        Status.ON_HOLD,
        at=now,
        reason=problem,
        hold_reasons=[{"code": "refused", "sentence": f"The supplier refuses: {problem[:250]}"}],
    )


def _failed(purchase_order: PurchaseOrder, problem: str, now: datetime) -> None:
    wait = min(FIRST_RETRY_AFTER * 2 ** (purchase_order.attempts - 1), LONGEST_RETRY_AFTER)
    purchase_order.move(
        Request.SUBMIT_FAILED,
        at=now,
        axis="request_status",
        reason=problem,
        problem=problem[:300],
        try_after=now + wait,
    )
