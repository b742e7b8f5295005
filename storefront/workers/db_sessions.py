"""Worker sessions: keep a worker's database session open between short tasks.

Celery would open one session per task, which costs more than most tasks do. A session still ends
after a failed task, after a transaction left open, and after any task of another queue: long work
leaves state in its session. Each task releases its advisory locks at its end.
"""

from collections.abc import Mapping
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init
from celery.states import SUCCESS
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

SHORT_QUEUE = "celery"  # the queue of short tasks
UNLOCK_ALL = "SELECT pg_advisory_unlock_all()"
UNLIMITED = 2**62  # tasks until Celery ends a session


def enable(app: Celery) -> None:
    """Make the workers of this app keep their sessions; other processes are unaffected."""
    app.conf["CELERY_DB_REUSE_MAX"] = UNLIMITED
    worker_init.connect(_connect_signals)


def _connect_signals(**_: Any) -> None:
    task_prerun.connect(check_sessions)
    task_postrun.connect(clean_up)


def check_sessions(task: Any = None, **_: Any) -> None:
    """Close sessions that are dead or outdated before a task uses them."""
    if task.request.is_eager:  # runs inside another task, which owns the session
        return
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()


def clean_up(task: Any = None, state: str | None = None, **_: Any) -> None:
    if task.request.is_eager:
        return
    is_clean = state == SUCCESS and _queue(task) == SHORT_QUEUE
    for connection in connections.all(initialized_only=True):
        if not (is_clean and _is_tidy(connection)):
            connection.close()


def _is_tidy(connection: BaseDatabaseWrapper) -> bool:
    """Release the advisory locks that a task may have left; return whether that worked."""
    if connection.connection is None or connection.errors_occurred or _is_within(connection):
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute(UNLOCK_ALL)
    except Error:
        return False
    return True


def _is_within(connection: BaseDatabaseWrapper) -> bool:
    """Test for a transaction left open: the next task's work would be lost in it."""
    if connection.in_atomic_block:
        return True
    status = connection.connection.info.transaction_status
    return bool(status != TransactionStatus.IDLE)


def _queue(task: Any) -> str:
    delivery: Mapping[str, Any] = task.request.delivery_info or {}
    return str(delivery.get("routing_key", ""))
