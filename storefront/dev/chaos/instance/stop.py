"""Stop request: check whether a signal requested the end of the run, end waits if it did.

Signal handlers only set a flag, so the run has to poll it.
"""

import threading
from collections.abc import Iterable

from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.runtime.supervisor import StopRequestedError

POLL_INTERVAL_S = 0.2


def is_requested(place: Instance) -> bool:
    return bool(place.supervisor.requests)


def raise_if_requested(place: Instance) -> None:
    """Check for a stop request before a long step.

    Raises: StopRequestedError
    """
    if is_requested(place):
        raise StopRequestedError


def sleep(place: Instance, seconds: float) -> None:
    """Sleep, at most until a stop request.

    Raises: StopRequestedError
    """
    place.supervisor.wake.wait(seconds)
    raise_if_requested(place)


def wait_for(place: Instance, threads: Iterable[threading.Thread]) -> None:
    """Wait for these threads; on a stop request they are abandoned.

    Raises: StopRequestedError
    """
    for each in threads:
        while each.is_alive():
            each.join(POLL_INTERVAL_S)
            raise_if_requested(place)
    raise_if_requested(place)
