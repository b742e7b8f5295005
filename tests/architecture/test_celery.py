"""Celery: each task name written as a string belongs to a registered task and its queue."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatchcase
from functools import cache

import pytest
from django.conf import settings

from storefront.celery import app
from storefront.workers.deduplication import HINTS

# Apps whose tasks customers wait for, and their tasks that may wait behind feeds.
URGENT = ("orders", "shipping", "notifications")
PATIENT = ("orders.claims.tasks.", "orders.accounting.reconciliation.tasks.")


LIST = """
from storefront.celery import app
app.loader.import_default_modules()
print(*(name for name in app.tasks if not name.startswith("celery.")))
"""


@cache
def registered():
    """Return the tasks that a fresh worker registers: this process may have imported more."""
    told = subprocess.run(
        [sys.executable, "-c", LIST], capture_output=True, text=True, check=True, timeout=60
    )
    return sorted(told.stdout.split())


def queue_of(task):
    queue = app.amqp.router.route({}, task)["queue"]
    return getattr(queue, "name", queue)


@pytest.mark.parametrize("pattern", settings.CELERY_TASK_ROUTES)
def test_each_route_leads_tasks_to_its_queue(pattern):
    named = [name for name in registered() if fnmatchcase(name, pattern)]
    led = [
        name
        for name in named
        if next(each for each in settings.CELERY_TASK_ROUTES if fnmatchcase(name, each)) == pattern
    ]
    queue = settings.CELERY_TASK_ROUTES[pattern]["queue"]

    assert led, "no registered task takes this route"
    assert {queue_of(name) for name in led} == {queue}


@pytest.mark.parametrize("entry", app.conf.beat_schedule)
def test_each_beat_entry_is_a_registered_task_in_a_queue_with_workers(entry):
    task = app.conf.beat_schedule[entry]["task"]

    assert task in registered()
    assert queue_of(task) in {"celery", "syncs", "bulk"}


def test_each_deduplicated_task_is_registered():
    assert set(registered()) >= HINTS


def test_no_order_waits_behind_a_feed():
    slow = [
        name
        for name in registered()
        if name.startswith(URGENT) and not name.startswith(PATIENT)
        if queue_of(name) != "celery"
    ]

    assert slow == []
