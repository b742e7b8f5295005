"""A worker keeps its database session after a short task that went well, and after no other."""

from __future__ import annotations

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


def task(queue=db_sessions.SHORT, *, is_eager=False):
    told = {"routing_key": queue}
    return SimpleNamespace(request=SimpleNamespace(delivery_info=told, is_eager=is_eager))


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.fixture
def before(transactional_db):
    db_sessions.look(task=task())
    return ask(SESSION)


def test_a_short_task_leaves_its_session_to_the_next(before):
    db_sessions.leave(task=task(), state=SUCCESS)
    db_sessions.look(task=task())

    assert ask(SESSION) == before


@pytest.mark.parametrize(
    ("queue", "state"), [(db_sessions.SHORT, FAILURE), ("syncs", SUCCESS), ("bulk", SUCCESS)]
)
def test_what_failed_and_what_takes_long_ends_it(before, queue, state):
    db_sessions.leave(task=task(queue), state=state)

    assert ask(SESSION) != before


def test_no_lock_is_left_in_it(before):
    ask("SELECT pg_advisory_lock(1) IS NULL")
    with pytest.raises(ProgrammingError), transaction.atomic():
        ask("SELECT nothing FROM nowhere")

    db_sessions.leave(task=task(), state=SUCCESS)

    assert ask(SESSION) == before
    assert ask(LOCKS) == 0


def test_an_error_that_nothing_took_back_ends_it(before):
    with pytest.raises(ProgrammingError):
        ask("SELECT nothing FROM nowhere")

    db_sessions.leave(task=task(), state=SUCCESS)

    assert ask(SESSION) != before


def test_a_transaction_that_was_left_open_is_not_given_to_the_next(before):
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")

    db_sessions.leave(task=task(), state=SUCCESS)
    db_sessions.look(task=task())

    assert ask(SESSION) != before
    assert connection.connection.info.transaction_status == TransactionStatus.IDLE


def test_a_session_that_was_closed_beneath_us_stops_nobody(before):
    connection.connection.close()

    db_sessions.leave(task=task(), state=SUCCESS)

    assert ask(SESSION) != before


def test_a_task_within_a_task_leaves_the_locks_of_the_other(before):
    ask("SELECT pg_advisory_lock(1) IS NULL")

    db_sessions.leave(task=task(is_eager=True), state=FAILURE)

    assert ask(SESSION) == before
    assert ask(LOCKS) == 1
    ask("SELECT pg_advisory_unlock(1)")


def test_a_session_that_the_database_ended_is_not_used(before):
    killer = connections.create_connection("default")
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [before])
    killer.close()

    db_sessions.look(task=task())

    assert ask(SESSION) != before


def test_a_session_notices_soon_that_its_host_vanished(before):
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        tries, every_s = (
            line.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPCNT, socket.TCP_KEEPINTVL)
        )
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    assert tries * every_s <= 10


def test_celery_itself_ends_none():
    assert DjangoWorkerFixup(app).db_reuse_max == db_sessions.NEVER
