"""Have what suppliers have already sent elsewhere: each is asked, and his answer counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from orders import acknowledging, address_ends, correcting, facts, setbacks
from orders.correcting import SettledError
from orders.models import AddressWish, Order, PurchaseMessage, PurchaseOrder
from orders.wishes import STOPPABLE
from storefront.lib.address import Address

Status = AddressWish.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """What came of a wish, by purchase order number: ``done`` are those that nobody has yet."""

    done: tuple[str, ...]
    asked: tuple[str, ...]
    late: tuple[str, ...]


def send_elsewhere(
    *, order: Order, ship_to: Address, reason: str, actor: str, now: datetime
) -> Wished | None:
    """Correct the address of an order; None: that was all, for no supplier had it.

    Raises: SettledError, correcting.StillWrongError  nothing is written
    """
    if not correcting.can_correct(order):
        return wish(order=order, ship_to=ship_to, reason=reason, actor=actor, now=now)
    correcting.correct(order=order, ship_to=ship_to, reason=reason, actor=actor, now=now)
    return None


def wish(*, order: Order, ship_to: Address, reason: str, actor: str, now: datetime) -> Wished:
    """Send what is unsent to another address of the country, and ask suppliers to do so as well.

    What has left goes where it goes.

    Locks:  the order, then its purchase orders in id order
    Raises: SettledError, correcting.StillWrongError  nothing is written
    """
    correcting.insist_on_tax(order, ship_to)  # before anything is locked
    try:
        return _wish(order, ship_to, reason, actor, now)
    except IntegrityError as error:
        words = gettext("A supplier has not answered the last address yet: wait for him.")
        raise SettledError(words) from error


@transaction.atomic(durable=True)
def _wish(order: Order, ship_to: Address, reason: str, actor: str, now: datetime) -> Wished:
    order = correcting.locked(order)
    correcting.refuse(order, Address(**order.ship_to), ship_to)
    there = asdict(ship_to)
    is_waiting = Q(setbacks__in=setbacks.waiting(order), setbacks__kind="refused")
    # What is looked for elsewhere takes its address from whoever refused it.
    living = list(
        order.purchase_orders.filter(~Q(status=PurchaseOrder.Status.CANCELED) | is_waiting)
        .distinct()
        .order_by("pk")
    )
    known = AddressWish.objects.filter(purchase_order__order=order)
    place = known.values("place").distinct().count() + 1
    done, asked, late = [], [], []
    for each in living:
        each.order = order
        if each.goes_to == there:
            continue
        if each.status == PurchaseOrder.Status.CANCELED:
            _change(each, ship_to, place, reason, actor, now)
            done.append(each.number)
            continue
        if each.request_status in correcting.UNSENT:
            _change(each, ship_to, place, reason, actor, now)
            done.append(each.number)
        elif each.status in STOPPABLE:
            _ask(each, there, place, reason, actor, now)
            asked.append(each.number)
        else:
            late.append(each.number)
    if not done and not asked:
        raise SettledError(gettext("All of it has left, or goes there already."))
    return Wished(done=tuple(done), asked=tuple(asked), late=tuple(late))


def _ask(  # noqa: PLR0913, PLR0917 - what, where to, which wish, why, who and when
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
        body={"place": place},  # the address stands in the wish, and not twice
        at=now,
    )


def _change(  # noqa: PLR0913, PLR0917 - what, where to, which wish, why, who and when
    purchase_order: PurchaseOrder,
    ship_to: Address,
    place: int,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Change where it goes: nobody has it, or not any more. The shopper is told."""
    address_ends.drop(purchase_order, reason="another is wished", is_told=False, now=now)
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
    facts.address_answered(purchase_order, wish=done, was=was, at=now)


@transaction.atomic(durable=True)
def answer(*, wish: AddressWish, is_yes: bool, actor: str, now: datetime) -> None:
    """Write down what the supplier says; the shopper is told. The same answer again is no news.

    Locks:  the order, then the purchase order, then the wish
    Raises: SettledError  the other answer stands already
    """
    purchase_order = wish.purchase_order
    acknowledging.lock(purchase_order)
    wish = AddressWish.objects.select_for_update(of=["self"]).get(pk=wish.pk)
    to = Status.ACCEPTED if is_yes else Status.REFUSED
    if wish.status == to:
        return
    if wish.status != Status.REQUESTED:
        raise SettledError(gettext("He has answered otherwise already."))
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
    facts.address_answered(purchase_order, wish=wish, was=was, at=now)


def waiting(purchase_order: PurchaseOrder) -> AddressWish | None:
    """Return what he has not answered yet."""
    return purchase_order.address_wishes.filter(status=Status.REQUESTED).first()
