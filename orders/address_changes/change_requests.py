"""Address change requests: ask suppliers to ship elsewhere, record and apply their answers.

Purchase orders that no supplier has yet get the new address at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from orders import events
from orders.address_changes import corrections
from orders.address_changes.corrections import SettledError
from orders.addresses import pending_changes, verification
from orders.models import AddressWish, Order, PurchaseMessage, PurchaseOrder
from orders.purchasing import locks
from storefront.lib.address import Address

Status = AddressWish.Status


class WaitingError(SettledError):
    """A supplier has not answered the last request yet."""


class NothingLeftError(SettledError):
    """Everything has shipped."""


class PartlyThereError(SettledError):
    """What has not shipped has this address already; the rest has shipped elsewhere."""


class Chance(StrEnum):
    """Whether the delivery address of an order can be changed now."""

    OPEN = "open"
    ASKED = "asked"  # a supplier has not answered the last request
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """The result by purchase order number; ``done``: changed, as no supplier has them yet."""

    done: tuple[str, ...]
    asked: tuple[str, ...]
    late: tuple[str, ...]


def send_elsewhere(  # noqa: PLR0913 - the parts of one record
    *,
    order: Order,
    ship_to: Address,
    reason: str,
    actor: str,
    now: datetime,
    noted: Mapping[str, Any] | None = None,
) -> Wished | None:
    """Change the address of an order; None: corrected at once, as no supplier had it.

    Raises: SettledError, corrections.StillWrongError  nothing is written
    """
    if corrections.can_correct(order):
        try:
            corrections.correct(
                order=order, ship_to=ship_to, reason=reason, actor=actor, now=now, noted=noted
            )
        except corrections.SentError:
            pass  # submitted in the meantime: the supplier is asked
        else:
            return None
    return wish(order=order, ship_to=ship_to, reason=reason, actor=actor, now=now)


def chance(purchases: Iterable[PurchaseOrder], *, asked: Iterable[int], is_sought: bool) -> Chance:
    """Return whether the address of a paid order can be changed, as ``wish`` would decide.

    Shape:  ``purchases``: all of the order; ``asked``: ids of those with an unanswered request;
            ``is_sought``: the order has an open backorder
    """
    open_ones = set(asked)
    made = list(purchases)
    living = [each for each in made if each.status != PurchaseOrder.Status.CANCELED]
    stoppable = [each for each in living if each.status in PurchaseOrder.STOPPABLE]
    if any(each.pk in open_ones for each in stoppable):
        return Chance.ASKED
    unsent = any(each.request_status in PurchaseOrder.NEVER_SENT for each in living)
    return Chance.OPEN if not made or is_sought or stoppable or unsent else Chance.GONE


def wish(*, order: Order, ship_to: Address, reason: str, actor: str, now: datetime) -> Wished:
    """Change the address of what is not submitted, and request the change from suppliers.

    What has shipped keeps its address. Idempotent: the same request is sent once. The country
    stays.

    Locks:  the order, then its purchase orders in id order
    Raises: SettledError, corrections.StillWrongError  nothing is written
    """
    corrections.insist_on_tax(order, ship_to)  # before anything is locked
    try:
        return _wish(order, ship_to, reason, actor, now)
    except IntegrityError as error:
        words = gettext(
            "A supplier has not answered the previous address change yet. Wait for"
            " the answer, or contact the supplier."
        )
        raise WaitingError(words) from error


@transaction.atomic(durable=True)
def _wish(order: Order, ship_to: Address, reason: str, actor: str, now: datetime) -> Wished:
    order = corrections.locked(order)
    corrections.refuse(order, Address(**order.ship_to), ship_to)
    there = asdict(ship_to)
    known = AddressWish.objects.filter(purchase_order__order=order)
    waiting_for = dict(
        known.filter(status=Status.REQUESTED).values_list("purchase_order", "ship_to")
    )
    place = known.values("place").distinct().count() + 1
    done, asked, late, again, there_already = [], [], [], [], []
    for each in corrections.going_out(order):
        each.order = order
        if each.status in PurchaseOrder.STOPPABLE and waiting_for.get(each.pk) == there:
            again.append(each.number)
            continue
        # With another request open, its final address is unknown.
        if each.goes_to == there and each.pk not in waiting_for:
            there_already.append(each.number)
            continue
        if each.status == PurchaseOrder.Status.CANCELED:
            _change(each, ship_to, place, reason, actor, now)
            done.append(each.number)
            continue
        if each.request_status in PurchaseOrder.NEVER_SENT:
            _change(each, ship_to, place, reason, actor, now)
            done.append(each.number)
        elif each.status in PurchaseOrder.STOPPABLE:
            _ask(each, there, place, reason, actor, now)
            asked.append(each.number)
        else:
            late.append(each.number)
    if not done and not asked and not again:
        error: type[SettledError] = NothingLeftError
        if there_already:
            error = PartlyThereError if late else corrections.SameError
        raise error(
            gettext("Nothing to change: all items have shipped or already go to this address.")
        )
    if done or asked:
        order.address_check = verification.note_also(order.address_check, ship_to)
        order.save(update_fields=["address_check"])
    # The new address is valid and confirmed: address holds are released.
    changed = order.purchase_orders.filter(number__in=done)
    corrections.let_go(changed, actor=actor, now=now)
    return Wished(done=tuple(done), asked=tuple(asked + again), late=tuple(late))


def _ask(  # noqa: PLR0913, PLR0917 - the parts of one record
    purchase_order: PurchaseOrder,
    there: dict[str, str],
    place: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    AddressWish.objects.create(
        purchase_order=purchase_order,
        ship_to=there,
        place=place,
        status_since=now,
        reason=reason[:200],
        asked_by=actor[:100],
    )
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.OUT,
        kind="readdress",
        body={"place": place},  # the address is only stored in the request
        at=now,
    )


def _change(  # noqa: PLR0913, PLR0917 - the parts of one record
    purchase_order: PurchaseOrder,
    ship_to: Address,
    place: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Change the address of a purchase order that no supplier has, and notify the customer."""
    pending_changes.drop(purchase_order, reason=pending_changes.ANOTHER, is_told=False, now=now)
    was = Address(**purchase_order.goes_to)
    purchase_order.ship_to = asdict(ship_to)
    purchase_order.save(update_fields=["ship_to"])
    done = AddressWish.objects.create(
        purchase_order=purchase_order,
        ship_to=purchase_order.ship_to,
        place=place,
        status=Status.ACCEPTED,
        status_since=now,
        reason=reason[:200],
        asked_by=actor[:100],
        answered_by=actor[:100],
    )
    events.address_answered(purchase_order, wish=done, was=was, at=now)


@transaction.atomic(durable=True)
def answer(*, wish: AddressWish, is_yes: bool, actor: str, now: datetime) -> None:
    """Record the supplier's answer and notify the customer. Idempotent.

    Locks:  the order, then the purchase order, then the request
    Raises: SettledError  the opposite answer is recorded
    """
    purchase_order = wish.purchase_order
    locks.lock(purchase_order)
    wish = AddressWish.objects.select_for_update(of=["self"]).get(pk=wish.pk)
    to = Status.ACCEPTED if is_yes else Status.REFUSED
    if wish.status == to:
        return
    if wish.status != Status.REQUESTED:
        raise SettledError(gettext("The supplier has already given a different answer."))
    was = Address(**purchase_order.goes_to)
    wish.move(to, at=now, actor=actor, answered_by=actor[:100])
    if is_yes:
        purchase_order.ship_to = wish.ship_to
        purchase_order.save(update_fields=["ship_to"])
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind=f"readdress_{to}",
        body={"place": wish.place},
        at=now,
    )
    events.address_answered(purchase_order, wish=wish, was=was, at=now)


def waiting(purchase_order: PurchaseOrder) -> AddressWish | None:
    """Return the unanswered request of a purchase order, if any."""
    return purchase_order.address_wishes.filter(status=Status.REQUESTED).first()
