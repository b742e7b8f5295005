"""A worker keeps its database session after a short successful task, and only then."""

import os
import socket
from types import SimpleNamespace

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.states import FAILURE, SUCCESS
from django.db import ProgrammingError, connection, connections, transaction
from psycopg.pq import TransactionStatus

from storefront.celery import app
from storefront.workers import db_sessions

SESSION = "SELECT pg_backend_pid()"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


def task(queue=db_sessions.SHORT_QUEUE, *, is_eager=False):
    delivery_info = {"routing_key": queue}
    return SimpleNamespace(request=SimpleNamespace(delivery_info=delivery_info, is_eager=is_eager))


def fetch_value(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.fixture
def before(transactional_db):
    db_sessions.check_sessions(task=task())
    return fetch_value(SESSION)


def test_short_task_keeps_its_session_and_a_vanished_host_is_detected_soon(before):
    db_sessions.clean_up(task=task(), state=SUCCESS)
    db_sessions.check_sessions(task=task())

    assert fetch_value(SESSION) == before
    assert DjangoWorkerFixup(app).db_reuse_max == db_sessions.UNLIMITED, (
        "Celery itself ends no session"
    )
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        tries = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
        assert tries * sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) <= 10


@pytest.mark.parametrize(
    ("queue", "state"), [(db_sessions.SHORT_QUEUE, FAILURE), ("syncs", SUCCESS), ("bulk", SUCCESS)]
)
def test_failed_and_long_tasks_end_the_session(before, queue, state):
    db_sessions.clean_up(task=task(queue), state=state)

    assert fetch_value(SESSION) != before


def test_advisory_locks_are_released(before):
    fetch_value("SELECT pg_advisory_lock(1) IS NULL")
    with pytest.raises(ProgrammingError), transaction.atomic():
        fetch_value("SELECT nothing FROM nowhere")

    db_sessions.clean_up(task=task(), state=SUCCESS)

    assert fetch_value(SESSION) == before
    assert fetch_value(LOCKS) == 0


def fail():
    with pytest.raises(ProgrammingError):
        fetch_value("SELECT nothing FROM nowhere")


def close():
    connection.connection.close()


@pytest.mark.parametrize("spoil", [fail, close])
def test_unhandled_database_error_or_close_ends_the_session(before, spoil):
    spoil()

    db_sessions.clean_up(task=task(), state=SUCCESS)

    assert fetch_value(SESSION) != before


def test_open_transaction_is_not_passed_to_the_next_task(before):
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")

    db_sessions.clean_up(task=task(), state=SUCCESS)
    db_sessions.check_sessions(task=task())

    assert fetch_value(SESSION) != before
    assert connection.connection.info.transaction_status == TransactionStatus.IDLE


def test_nested_task_keeps_the_locks_of_the_outer_one(before):
    fetch_value("SELECT pg_advisory_lock(1) IS NULL")

    db_sessions.clean_up(task=task(is_eager=True), state=FAILURE)

    assert fetch_value(SESSION) == before
    assert fetch_value(LOCKS) == 1
    fetch_value("SELECT pg_advisory_unlock(1)")


def test_session_ended_by_the_database_is_replaced(before):
    killer = connections.create_connection("default")
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    killer.close()

    db_sessions.check_sessions(task=task())

    assert fetch_value(SESSION) != before
