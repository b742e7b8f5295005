"""Wait until nothing is left to be done; where waits are long, let the time pass quicker."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from django.db import Error, connection

from storefront.chaos import ending, standing_in, testifying, witnessing
from storefront.chaos.staging import Instance

STEP_S = 60.0  # how much later it is each time we look
FIRST_S = 600.0
LATEST_S = 45 * 60.0  # after the first look
LOOKS_EVERY_S = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """How long it took, what is left, and how often a person had to decide."""

    seconds: float
    left: tuple[str, ...]
    by_staff: int
    later_s: float


def drain(
    place: Instance, *, at_most_s: float, besides: Collection[str] = (), from_s: float = FIRST_S
) -> Drained:
    """Let the workers do what is left, with nothing in their way.

    Shape:  ``from_s`` is where the latest jump left the clock: what was written then is due then
    Raises: StopRequestedError
    """
    began = time.monotonic()
    later_s, by_staff = from_s, 0
    left: tuple[str, ...] = ("never looked",)
    while time.monotonic() < began + at_most_s:
        try:
            by_staff += standing_in.do_their_work(place)
            left = (*testifying.left(besides), *_held_money(place))
        except Error as error:  # PostgreSQL may be away a moment still
            left = (str(error),)
            connection.close()
        if not left:
            break
        place.set_clock(later_s)
        later_s = min(later_s + STEP_S, from_s + LATEST_S)
        ending.rest(place, LOOKS_EVERY_S)
    return Drained(
        seconds=round(time.monotonic() - began, 1), left=left, by_staff=by_staff, later_s=later_s
    )


def _held_money(place: Instance) -> tuple[str, ...]:
    """Count what shoppers paid of which we may not have heard: their browsers never came back."""
    waits = ("authorized", "processing")
    held = [one for one in witnessing.charges(place.var) if one.status in waits and one.held]
    late = [one for one in witnessing.charges(place.var) if one.status == "processing"]
    count = len({one.payment for one in (*held, *late)})
    return (f"{count} payments held at the gateway",) if count else ()
