"""Task wake-up: start a worker task at once, leave the work to a sweep if the broker is down."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


class Wakeable(Protocol):
    """A task as far as those who wake it know it."""

    @property
    def name(self) -> str: ...

    @property
    def delay(self) -> Callable[..., object]: ...


def wake(task: Wakeable, **known: Any) -> None:
    """Start a task, where a broker is there to hear it."""
    try:
        task.delay(**known)
    except OperationalError as error:
        log.warning("%s %s waits, the broker is away: %s", task.name, known, error)
