"""Quiescence: wait until no work is left, advance the clock over long waits."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error, connection
from django.utils import timezone

from orders.models import PurchaseOrder
from storefront.dev.chaos.checker.beat_catch_up import SweepStarter
from storefront.dev.chaos.instance import stop
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import inside, outside
from storefront.dev.chaos.workload import staff

Status = PurchaseOrder.Status
STEP_S = 90.0  # how far the clock advances per check, while workers are idle
INITIAL_SHIFT_S = 600.0
MAX_FAST_SHIFT_S = 45 * 60.0  # beyond this shift the clock advances more slowly
SLOW_STEP_S = 10.0
POLL_INTERVAL_S = 0.5
SOON = timedelta(minutes=1)  # for work that becomes overdue before the final check
MAX_TIMEOUT_FACTOR = 4  # total limit, in multiples of the limit without progress
QUIET_POLLS = 3  # consecutive checks without open work: a webhook may be in transit


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainResult:
    """The result of a drain: its duration, the open work, the number of staff decisions.

    Shape:  ``waited_s`` maps each kind of work to the seconds after which it was last open
    """

    seconds: float
    waited_s: dict[str, float]
    open_work: tuple[str, ...]
    by_staff: int


def drain(
    place: Instance,
    *,
    at_most_s: float,
    excluded: Collection[str] = (),
    chores: Callable[[bool], bool] = lambda _: False,
) -> DrainResult:
    """Let the workers finish all open work without faults.

    Gives up when the open work did not change for ``at_most_s``: a busy machine is slow, but
    loses no work.

    Shape:  ``chores`` is called at each check, with True when nothing else is open, apart from
            overdue work; it returns whether it did anything
    Raises: StopRequestedError
    """
    began = changed_at = time.monotonic()
    shift_s, by_staff = INITIAL_SHIFT_S, 0  # the clock's shift: work planned until then is due
    left: tuple[str, ...] = ("not checked",)
    overdue: tuple[str, ...] = ()
    waited_s: dict[str, float] = {}
    quiet, sweep_starter = 0, SweepStarter()
    while _may_continue(began, changed_at, at_most_s):
        before = (left, overdue)
        try:
            by_staff += staff.do_open_work(place)
            left = (
                *inside.open_work(excluded),
                *_count_unknown_payments(place),
                *_count_unreported(place),
            )
            if chores(not left):
                left = ("chores",)
            # A moved clock may also make work overdue that is not open work: an unpaid order.
            overdue = () if left else inside.overdue(now=timezone.now() + SOON)
            is_gateway_blocked = inside.is_gateway_blocked()
        except Error as error:  # PostgreSQL may be restarting
            left, overdue, is_gateway_blocked = (str(error),), (), False
            connection.close()
        if (left, overdue) != before:
            changed_at = time.monotonic()
        quiet = 0 if left or overdue else quiet + 1
        if quiet >= QUIET_POLLS:
            break
        here_s = round(time.monotonic() - began, 1)
        waited_s |= {words.partition(" ")[2]: here_s for words in (*left, *overdue)}
        # The clock stops when nothing is left, and while a gateway's circuit breaker is open: the
        # breaker uses the database's time, and orders would expire during its pause.
        is_advancing = bool(left) and not is_gateway_blocked
        if is_advancing:
            place.set_clock(shift_s)
        # While workers are busy, the clock advances slowly, or hours would pass during short work.
        is_fast = (
            sweep_starter.start_sweeps((*left, *overdue))
            and shift_s < INITIAL_SHIFT_S + MAX_FAST_SHIFT_S
        )
        if is_advancing:
            shift_s += STEP_S if is_fast else SLOW_STEP_S
        stop.sleep(place, POLL_INTERVAL_S)
    return DrainResult(
        seconds=round(time.monotonic() - began, 1),
        waited_s=waited_s,
        open_work=(*left, *overdue),
        by_staff=by_staff,
    )


def _may_continue(began: float, changed_at: float, at_most_s: float) -> bool:
    now = time.monotonic()
    return now < changed_at + at_most_s and now < began + MAX_TIMEOUT_FACTOR * at_most_s


def _count_unreported(place: Instance) -> tuple[str, ...]:
    """Count orders that were canceled or shipped without the shop's knowledge.

    BigBuy has no webhooks, and CJ's webhooks get lost: the next poll reads the status.
    """
    orders = outside.supplier_orders(place.var)
    off = PurchaseOrder.objects.filter(number__in=[one.number for one in orders if one.is_canceled])
    gone = PurchaseOrder.objects.filter(number__in=[one.number for one in orders if one.is_shipped])
    count = (
        off.exclude(status=Status.CANCELED).count()
        + gone.exclude(status__in=[Status.SHIPPED, Status.CLOSED]).count()
    )
    return (f"{count} orders with unread supplier status",) if count else ()


def _count_unknown_payments(place: Instance) -> tuple[str, ...]:
    """Count payments that the shop may not know: the customer's browser did not return."""
    count = sum(one.held > 0 for one in outside.gateway_payments(place.var))
    return (f"{count} authorized payments at the gateway",) if count else ()
