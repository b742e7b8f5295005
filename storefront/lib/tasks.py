"""Task queue: enqueue a task; if the broker is down, a periodic sweep does the work."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from billiard.exceptions import SoftTimeLimitExceeded  # that of Celery
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# Errors that end a task. Code that turns an unexpected error into an issue of one record lets these
# pass.
TASK_ENDING = (SoftTimeLimitExceeded, MemoryError)


class QueueableTask(Protocol):
    """A Celery task as seen by its callers."""

    @property
    def name(self) -> str: ...

    @property
    def delay(self) -> Callable[..., object]: ...


def enqueue(task: QueueableTask, **known: Any) -> bool:
    """Queue a task; return False if the broker is down: a sweep does recorded work later."""
    try:
        task.delay(**known)
    except OperationalError as error:
        log.warning(
            "%s %s was not queued, the broker does not respond: %s", task.name, known, error
        )
        return False
    return True
