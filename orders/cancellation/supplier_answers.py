"""Supplier answers: ask a supplier to cancel a purchase order, record and apply its answer.

An API answers the call. A supplier that gets an e-mail answers on its page. If staff ask the
supplier, staff record the answer. Until then the request stays open: neither accepted nor
refused.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders import events, links
from orders.backorders import purchase_order_cancellation
from orders.models import PurchaseMessage, PurchaseOrder
from orders.purchasing import acknowledgements, locks, reassignment
from suppliers.connectors.capabilities import Connector, OrderCancelling, Pleading, able
from suppliers.connectors.records import (
    Answer,
    AskInPersonError,
    MissingAbilityError,
    Plea,
    PurchaseState,
    Wanted,
)

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request
Told = PurchaseOrder.Told

AT_OUR_WISH = "canceled at our request"
TOO_LATE = "The order can no longer be canceled."
IN_PERSON = "This supplier does not accept cancellations electronically. Contact the supplier."


class NotAskedError(Exception):
    """No answer is expected: it is canceled, has shipped, or no request was made."""


def ask(connector: Connector, purchase_order: PurchaseOrder) -> PurchaseState | None:
    """Request the cancellation by API, else by e-mail, else through staff.

    None: the answer comes later.

    Raises: OutsideError, NotStoppableError  the answer of the supplier's API
    """
    try:
        if isinstance(connector, OrderCancelling):
            return connector.cancel(number=purchase_order.number)
        _write(connector, purchase_order)
    except AskInPersonError as error:
        _note_told(purchase_order, Told.PERSON, str(error))
    except MissingAbilityError:
        _note_told(purchase_order, Told.PERSON, IN_PERSON)
    return None


def _write(connector: Connector, purchase_order: PurchaseOrder) -> None:
    """Send the request by e-mail, once per request.

    Raises: MissingAbilityError  the supplier has no address for it
    """
    asked = purchase_order.messages.filter(direction=PurchaseMessage.Direction.OUT, kind="cancel")
    plea = Plea(
        wanted=Wanted.STOP,
        key=f"{purchase_order.number}:{asked.count()}",
        number=purchase_order.number,
        page_url=links.purchase_url(purchase_order),
    )
    able(connector, Pleading).plead(plea)
    _note_told(purchase_order, Told.LETTER)


@transaction.atomic(durable=True)
def _note_told(purchase_order: PurchaseOrder, by: PurchaseOrder.Told, words: str = "") -> None:
    """Record how the supplier was asked, unless its answer came in the meantime.

    Locks:  the order, then the purchase order
    """
    locks.lock(purchase_order)
    if purchase_order.request_status != Request.CANCELLATION_REQUESTED:
        return
    purchase_order.stop_told_by = by
    purchase_order.problem = words[:300] or purchase_order.problem
    purchase_order.save(update_fields=["stop_told_by", "problem"])


def can_stop(purchase_order: PurchaseOrder) -> bool:
    """Return whether an acceptance still counts: a request was made and nothing has shipped."""
    was_asked = purchase_order.request_status in acknowledgements.WISHED_TO_STOP
    return was_asked and purchase_order.status in PurchaseOrder.STOPPABLE


def is_asked(purchase_order: PurchaseOrder) -> bool:
    """Return whether an answer of the supplier is expected."""
    is_open = purchase_order.request_status == Request.CANCELLATION_REQUESTED
    return is_open and purchase_order.status in PurchaseOrder.STOPPABLE


def stopped(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Record that the supplier canceled it, also after a refusal. Idempotent.

    Raises: NotAskedError  it has shipped, or no request was made
    """
    words = f"{AT_OUR_WISH}, recorded by {actor}"
    if not take(purchase_order, words=words, actor=actor, now=now):
        raise NotAskedError(f"{purchase_order}: {purchase_order.status}")


def follow(purchase_order: PurchaseOrder, state: PurchaseState, *, now: datetime) -> bool:
    """Apply the answer of the supplier's API; return whether it is canceled."""
    if state.answer == Answer.CANCELED:
        return take(purchase_order, words=state.reason, now=now)
    words = state.reason
    return hear(purchase_order=purchase_order, is_stopped=False, words=words, now=now)


def take(purchase_order: PurchaseOrder, *, words: str, actor: str = "", now: datetime) -> bool:
    """Apply that the supplier canceled it, also after a refusal; return whether it is canceled.

    Locks:  as ``hear``, and as ``acknowledgements.apply``
    """
    if hear(purchase_order=purchase_order, is_stopped=True, words=words, actor=actor, now=now):
        return True
    if not can_stop(purchase_order):
        return False
    state = PurchaseState(
        number=purchase_order.number,
        supplier_reference="",
        answer=Answer.CANCELED,
        reason=words,
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
    return purchase_order.status == Status.CANCELED


def not_stopped(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Record that the supplier ships it anyway. Idempotent.

    Raises: NotAskedError  it is canceled, or no request was made
    """
    words = f"{TOO_LATE} Recorded by {actor}."
    if hear(purchase_order=purchase_order, is_stopped=False, words=words, actor=actor, now=now):
        raise NotAskedError(f"{purchase_order}: {purchase_order.status}")
    if purchase_order.request_status != Request.CANCELLATION_REJECTED:
        raise NotAskedError(f"{purchase_order}: {purchase_order.request_status}")


@transaction.atomic(durable=True)
def hear(  # noqa: PLR0913 - the parts of one record
    *,
    purchase_order: PurchaseOrder,
    is_stopped: bool,
    words: str,
    now: datetime,
    actor: str = "",
    is_kept: bool = False,
) -> bool:
    """Apply the supplier's answer to our request; return whether it is canceled.

    ``is_kept``: the supplier keeps the order but ships nothing unless it is paid, which we
    never do. The customer is refunded, and staff see it (``canceled_but_shipped``) until the
    supplier drops it. An acceptance after a shipment cancels nothing: staff look.

    Locks:  the order, then the purchase order, payments, and the stock rows in id order
    """
    order = locks.lock(purchase_order)
    if purchase_order.request_status != Request.CANCELLATION_REQUESTED:
        return purchase_order.status == Status.CANCELED  # it was already answered
    is_stopped = is_stopped and purchase_order.status in PurchaseOrder.STOPPABLE
    said_yes = is_stopped and not is_kept
    to = Request.CANCELLATION_ACCEPTED if said_yes else Request.CANCELLATION_REJECTED
    purchase_order.move(
        to,
        at=now,
        axis="request_status",
        actor=actor,
        reason=words,
        problem=words[:300],
        cancel_wanted_at=None,
        stop_told_by="",
    )
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind=to.value,
        body={"words": words},
        at=now,
    )
    if is_stopped:
        purchase_order_cancellation.close_all(
            [purchase_order], order, reason=purchase_order.cancel_reason, now=now
        )
    else:
        if not purchase_order.is_to_be_moved:
            events.cancellation_answered(purchase_order, is_stopped=False, at=now)
        reassignment.forget(purchase_order)
    return is_stopped
