"""Cancellation answers: ask a supplier to stop a purchase order, record and apply its answer.

An API answers the call that asks it. A supplier that gets an e-mail answers on its page. Staff
record the answer of a supplier that they ask themselves. Until then the request stays open and
counts neither as a yes nor as a no.
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

AT_OUR_WISH = "stopped at our request"
TOO_LATE = "It cannot be stopped any more."
IN_PERSON = "No program of his can be asked to stop it: ask him in person."


class NotAskedError(Exception):
    """Nobody waits for his answer: it is stopped, on its way, or was never to be stopped."""


def ask(connector: Connector, purchase_order: PurchaseOrder) -> PurchaseState | None:
    """Ask him by the best way there is; None: he answers later, or staff ask him.

    Raises: OutsideError, NotStoppableError  what a program of his said
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
    """Ask by a letter, once for each time that it was wished.

    Raises: MissingAbilityError  nobody knows where to write to
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
    """Ask nobody else: an answer is waited for, unless it came meanwhile.

    Locks:  the order, then the purchase order
    """
    locks.lock(purchase_order)
    if purchase_order.request_status != Request.CANCELLATION_REQUESTED:
        return
    purchase_order.stop_told_by = by
    purchase_order.problem = words[:300] or purchase_order.problem
    purchase_order.save(update_fields=["stop_told_by", "problem"])


def can_stop(purchase_order: PurchaseOrder) -> bool:
    """Test whether he may still say that he stopped it: he was asked, and nothing has left."""
    was_asked = purchase_order.request_status in acknowledgements.WISHED_TO_STOP
    return was_asked and purchase_order.status in PurchaseOrder.STOPPABLE


def is_asked(purchase_order: PurchaseOrder) -> bool:
    """Test whether his answer is waited for."""
    is_open = purchase_order.request_status == Request.CANCELLATION_REQUESTED
    return is_open and purchase_order.status in PurchaseOrder.STOPPABLE


def stopped(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Write down that he stopped it, also after he said that he cannot. Twice is no news.

    Raises: NotAskedError  it has left, or was never to be stopped
    """
    words = f"{AT_OUR_WISH}, says {actor}"
    if not take(purchase_order, words=words, actor=actor, now=now):
        raise NotAskedError(f"{purchase_order}: {purchase_order.status}")


def follow(purchase_order: PurchaseOrder, state: PurchaseState, *, now: datetime) -> bool:
    """Take in what a program of his answered; tell whether it is stopped."""
    if state.answer == Answer.CANCELED:
        return take(purchase_order, words=state.reason, now=now)
    words = state.reason
    return hear(purchase_order=purchase_order, is_stopped=False, words=words, now=now)


def take(purchase_order: PurchaseOrder, *, words: str, actor: str = "", now: datetime) -> bool:
    """Follow that he stopped it, also where a yes of his came first; tell whether it is.

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
    """Write down that he sends it all the same. Twice is no news.

    Raises: NotAskedError  it is stopped, or nobody asked him
    """
    words = f"{TOO_LATE} So says {actor}."
    if hear(purchase_order=purchase_order, is_stopped=False, words=words, actor=actor, now=now):
        raise NotAskedError(f"{purchase_order}: {purchase_order.status}")
    if purchase_order.request_status != Request.CANCELLATION_REJECTED:
        raise NotAskedError(f"{purchase_order}: {purchase_order.request_status}")


@transaction.atomic(durable=True)
def hear(  # noqa: PLR0913 - what he said, in its parts, and who says so
    *,
    purchase_order: PurchaseOrder,
    is_stopped: bool,
    words: str,
    now: datetime,
    actor: str = "",
    he_keeps_it: bool = False,
) -> bool:
    """Follow the supplier's answer to our wish; tell whether it is stopped now.

    ``he_keeps_it``: he cannot stop it, and ships nothing of it unless it is paid, which we never
    do: the money goes back, and staff see it (``canceled_but_shipped``) until he has it no more.
    A yes after a parcel left stops nothing that we could give back: staff look at it.

    Locks:  the order, then the purchase order, payments, and the stock rows in id order
    """
    order = locks.lock(purchase_order)
    if purchase_order.request_status != Request.CANCELLATION_REQUESTED:
        return purchase_order.status == Status.CANCELED  # it was heard by another way meanwhile
    is_stopped = is_stopped and purchase_order.status in PurchaseOrder.STOPPABLE
    said_yes = is_stopped and not he_keeps_it
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
