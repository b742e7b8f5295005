"""Beat log: read from its log whether beat still starts sweeps.

The drain starts sweeps too, which would hide that beat has stopped.
"""

import re
import time

from storefront.dev.chaos.checker.beat_catch_up import SWEEPS
from storefront.dev.chaos.instance import stop
from storefront.dev.chaos.instance.instance import Instance

BEAT = "beat"
START_TIMEOUT_S, SEND_TIMEOUT_S = 30.0, 15.0
POLL_INTERVAL_S = 0.1
STARTED_SWEEPS = frozenset(sweep.name for sweeps in SWEEPS.values() for sweep in sweeps)
_SENDING = re.compile(r"Sending due task .*\(([\w.]+)\)$", re.MULTILINE)


def log_length(place: Instance) -> int:
    """Return the current length of the log: later entries begin there."""
    log = place.stage.log(BEAT)
    return log.stat().st_size if log.exists() else 0


def wait_until_started(place: Instance) -> None:
    """Wait until beat runs; whether it sends sweeps is checked later.

    Raises: StopRequestedError
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _is_ready(place) and time.monotonic() < deadline:
        stop.sleep(place, POLL_INTERVAL_S)


def silent_beat(place: Instance, *, since: int, at_most_s: float = SEND_TIMEOUT_S) -> list[str]:
    """Return beat's name if it does not run, or logged no sweep after the first ``since`` bytes.

    Raises: StopRequestedError
    """
    deadline = time.monotonic() + at_most_s
    while BEAT in place.children:
        if place.children[BEAT].is_running and STARTED_SWEEPS & _sent(place, since):
            return []
        if time.monotonic() >= deadline:
            break
        stop.sleep(place, POLL_INTERVAL_S)
    return [BEAT]


def _is_ready(place: Instance) -> bool:
    child = place.children.get(BEAT)
    return child is None or (child.is_running and child.is_ready())


def _sent(place: Instance, since: int) -> set[str]:
    log = place.stage.log(BEAT)
    if not log.exists():
        return set()
    with log.open("rb") as lines:
        lines.seek(since)
        return {*_SENDING.findall(lines.read().decode(errors="replace"))}
