"""Stop request: check whether a signal asked to end the run, sleep and wait until then.

Signal handlers only set a flag, so the run has to poll it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.runtime.supervisor import StopRequestedError

LOOKS_EVERY_S = 0.2


def is_wanted(place: Instance) -> bool:
    return bool(place.supervisor.requests)


def insist_going_on(place: Instance) -> None:
    """Refuse to begin what takes long.

    Raises: StopRequestedError
    """
    if is_wanted(place):
        raise StopRequestedError


def rest(place: Instance, seconds: float) -> None:
    """Wait so long, but not when we are asked to end.

    Raises: StopRequestedError
    """
    place.supervisor.wake.wait(seconds)
    insist_going_on(place)


def wait_for(place: Instance, threads: Iterable[threading.Thread]) -> None:
    """Wait for what plays in threads; who is in the middle of something is left behind.

    Raises: StopRequestedError
    """
    for each in threads:
        while each.is_alive():
            each.join(LOOKS_EVERY_S)
            insist_going_on(place)
    insist_going_on(place)
