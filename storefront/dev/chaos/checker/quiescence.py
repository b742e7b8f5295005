"""Quiescence: wait until no work is left, move the clock faster through long waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error, connection
from django.utils import timezone

from orders.models import PurchaseOrder
from storefront.dev.chaos.checker.beat_catch_up import Skipper
from storefront.dev.chaos.instance import stop
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import inside, outside
from storefront.dev.chaos.workload import staff

Status = PurchaseOrder.Status
STEP_S = 90.0  # how much later it is each time we look, and nobody has enough to do
FIRST_S = 600.0
LATEST_S = 45 * 60.0  # after the first look; then it goes on slower, for what still waits
THEN_STEP_S = 10.0
LOOKS_EVERY_S = 0.5
SOON = timedelta(minutes=1)  # what would be overdue by the time our witness is heard
LONGEST_TIMES = 4  # as long as it may stand still, and no longer
QUIET_LOOKS = 3  # in a row: a letter may be on its way when nothing is left of it here


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """How long it took, what is left, and how often a person had to decide.

    Shape:  ``waited_s`` is how long each kind of work was seen undone
    """

    seconds: float
    waited_s: dict[str, float]
    left: tuple[str, ...]
    by_staff: int


def drain(
    place: Instance,
    *,
    at_most_s: float,
    besides: Collection[str] = (),
    chores: Callable[[bool], bool] = lambda _: False,
) -> Drained:
    """Let the workers do what is left, with nothing in their way.

    It ends early only when for ``at_most_s`` nothing changed in what is left: a busy machine is
    slow, and no work is lost by that.

    Shape:  ``chores`` are done meanwhile, and tell whether there was one: asked with True when
            nothing else is left, but perhaps for what is overdue
    Raises: StopRequestedError
    """
    began = changed_at = time.monotonic()
    later_s, by_staff = FIRST_S, 0  # where the latest jump left the clock: all is due from then
    left: tuple[str, ...] = ("never looked",)
    overdue: tuple[str, ...] = ()
    waited_s: dict[str, float] = {}
    quiet, skipper = 0, Skipper()
    while _is_worth_it(began, changed_at, at_most_s):
        before = (left, overdue)
        try:
            by_staff += staff.do_their_work(place)
            left = (*inside.left(besides), *_held_money(place), *_unheard(place))
            if chores(not left):
                left = ("chores",)
            # The clock may have jumped over what nobody waits for: an order nobody paid.
            overdue = () if left else inside.overdue(now=timezone.now() + SOON)
            rests = inside.gateway_rests()
        except Error as error:  # PostgreSQL may be away a moment still
            left, overdue, rests = (str(error),), (), False
            connection.close()
        if (left, overdue) != before:
            changed_at = time.monotonic()
        quiet = 0 if left or overdue else quiet + 1
        if quiet >= QUIET_LOOKS:
            break
        here_s = round(time.monotonic() - began, 1)
        waited_s |= {words.partition(" ")[2]: here_s for words in (*left, *overdue)}
        # The clock stands still when nothing is left, and while a gateway's breaker is open: that
        # counts the database's time, and orders would expire in the few seconds that it takes.
        moves = bool(left) and not rests
        if moves:
            place.set_clock(later_s)
        # While workers have enough to do, hours would pass for what takes them a moment.
        is_quick = skipper.ask((*left, *overdue)) and later_s < FIRST_S + LATEST_S
        if moves:
            later_s += STEP_S if is_quick else THEN_STEP_S
        stop.rest(place, LOOKS_EVERY_S)
    return Drained(
        seconds=round(time.monotonic() - began, 1),
        waited_s=waited_s,
        left=(*left, *overdue),
        by_staff=by_staff,
    )


def _is_worth_it(began: float, changed_at: float, at_most_s: float) -> bool:
    now = time.monotonic()
    return now < changed_at + at_most_s and now < began + LONGEST_TIMES * at_most_s


def _unheard(place: Instance) -> tuple[str, ...]:
    """Count orders that were canceled or sent without the shop's knowledge.

    BigBuy has no webhook, and webhooks of CJ get lost: the next poll tells.
    """
    told = outside.orders_told(place.var)
    off = PurchaseOrder.objects.filter(number__in=[one.number for one in told if one.is_off])
    gone = PurchaseOrder.objects.filter(number__in=[one.number for one in told if one.has_left])
    count = (
        off.exclude(status=Status.CANCELED).count()
        + gone.exclude(status__in=[Status.SHIPPED, Status.CLOSED]).count()
    )
    return (f"{count} orders unheard",) if count else ()


def _held_money(place: Instance) -> tuple[str, ...]:
    """Count what shoppers paid of which we may not have heard: their browsers never came back."""
    count = sum(one.held > 0 for one in outside.charges(place.var))
    return (f"{count} payments held at the gateway",) if count else ()
