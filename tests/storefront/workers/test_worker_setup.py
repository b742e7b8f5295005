"""Worker setup: a worker warms up, keeps its session, and replaces a dead session."""

import os
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init
from django.db import connection

from storefront.workers import db_sessions, warmup
from tests.e2e.worker_process import surroundings

TIMEOUT_S = 60
SEPARATE_DATABASE = "/9"  # a separate Redis database: no other worker gets these tasks
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = %s"


def receivers(signal):
    return {(one.__module__, one.__name__) for one in signal._live_receivers(None)}


def test_only_a_started_worker_is_warmed_up_and_keeps_its_sessions():
    check, clean_up = ((db_sessions.__name__, name) for name in ("check_sessions", "clean_up"))
    assert (warmup.__name__, "preload") in receivers(worker_init)
    assert (db_sessions.__name__, "_connect_signals") in receivers(worker_init)
    assert not {check, clean_up} & (receivers(task_prerun) | receivers(task_postrun))

    db_sessions._connect_signals()

    assert check in receivers(task_prerun)
    assert clean_up in receivers(task_postrun)
    task_prerun.disconnect(db_sessions.check_sessions)
    task_postrun.disconnect(db_sessions.clean_up)


@pytest.fixture
def worker_sessions(tmp_path):
    """Return a function that runs a task in a real worker and returns its database session."""
    broker = urlsplit(os.environ["REDIS_URL"])._replace(path=SEPARATE_DATABASE).geturl()
    client = Celery("client", broker=broker, set_as_current=False)
    client.conf.task_ignore_result = True
    report = tmp_path / "report"
    report.touch()
    words = ["-m", "celery", "-A", "tests.storefront.workers.worker_app", "worker", "-c", "1"]
    with (tmp_path / "log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, *words, "--without-mingle", "--without-gossip"],
            env={**surroundings(), "REDIS_URL": broker},
            stdout=log,
            stderr=log,
        )

    def run_task(**wish):
        before, deadline = report.read_text(), time.monotonic() + TIMEOUT_S
        client.send_task("tests.tell", kwargs={"file": str(report), **wish})
        while not (new := report.read_text().removeprefix(before)).endswith("\n"):
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.02)
        return int(new)

    yield run_task
    worker.terminate()
    worker.wait(TIMEOUT_S)
    client.control.purge()
    client.close()


@pytest.mark.django_db(transaction=True)
def test_worker_keeps_its_session_without_locks_until_the_database_ends_it(worker_sessions):
    first = worker_sessions(is_locking=True)
    second = worker_sessions()
    with connection.cursor() as cursor:
        cursor.execute(LOCKS, [first])
        (locks,) = cursor.fetchone()
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [first])
    third = worker_sessions()

    assert first == second != third
    assert locks == 0
