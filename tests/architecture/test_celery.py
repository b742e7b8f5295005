"""Celery: task names in settings are those of registered tasks; each runs in its queue."""

import inspect
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module

import pytest
from django.conf import settings

from storefront.celery import app
from storefront.workers.deduplication import DEDUPLICATED_TASKS
from storefront.workers.schedule import DAY_S, NIGHT

# Customers wait for the tasks of these apps.
URGENT_APPS = ("orders", "shipping", "notifications")
# Tasks of these apps that may wait behind feeds.
PATIENT_TASKS = ("orders.claims.tasks.", "orders.accounting.reconciliation.tasks.")


PRINT_TASKS = """
from storefront.celery import app
app.loader.import_default_modules()
print(*(name for name in app.tasks if not name.startswith("celery.")))
"""


@cache
def registered():
    """Return the tasks that a fresh worker registers: this process may have imported more."""
    listing = subprocess.run(
        [sys.executable, "-c", PRINT_TASKS], capture_output=True, text=True, check=True, timeout=60
    )
    return sorted(listing.stdout.split())


def queue_of(task):
    queue = app.amqp.router.route({}, task)["queue"]
    return getattr(queue, "name", queue)


@pytest.mark.parametrize("pattern", settings.CELERY_TASK_ROUTES)
def test_each_route_puts_its_tasks_in_its_queue(pattern):
    matching = [name for name in registered() if fnmatchcase(name, pattern)]
    routed = [
        name
        for name in matching
        if next(each for each in settings.CELERY_TASK_ROUTES if fnmatchcase(name, each)) == pattern
    ]
    queue = settings.CELERY_TASK_ROUTES[pattern]["queue"]

    assert routed, "no registered task takes this route"
    assert {queue_of(name) for name in routed} == {queue}


@pytest.mark.parametrize("entry", app.conf.beat_schedule)
def test_each_beat_entry_has_a_queue_with_workers_and_expires_after_its_period(entry):
    described = app.conf.beat_schedule[entry]
    assert described["task"] in registered()
    assert queue_of(described["task"]) in {"celery", "syncs", "bulk"}
    period_s = DAY_S if described["schedule"] == NIGHT else described["schedule"]
    assert period_s <= described["options"]["expires"]
    assert described["options"]["expires"] <= max(60, period_s)


def test_daily_tasks_run_at_night_although_beat_started_by_day(monkeypatch):
    started = datetime(2026, 11, 30, 12, tzinfo=UTC)
    due = []
    for hours in (14, 16):
        monkeypatch.setattr(NIGHT, "nowfun", lambda at=started + timedelta(hours=hours): at)
        due.append(NIGHT.is_due(started)[0])

    assert due == [False, True]


def test_no_periodic_task_queues_itself():
    """A task that beat starts and that also queues itself multiplies."""
    for entry in app.conf.beat_schedule.values():
        path, _, name = entry["task"].rpartition(".")
        assert f"{name}.delay(" not in own_source(path, name), entry["task"]
        assert f"enqueue({name}" not in own_source(path, name), entry["task"]


def own_source(path, name):
    return inspect.getsource(getattr(import_module(path), name).run)


# Tasks that find due work and queue it. In the queue of that work they would run too late.
DISPATCHERS = {
    "catalog.competitors.tasks.fetch_due_sources",
    "suppliers.inventory.tasks.queue_aged_supply",
    "suppliers.inventory.tasks.publish_pending",
    "suppliers.sync.tasks.close_expired_runs",
    "suppliers.sync.tasks.start_due_syncs",
    "storefront.product_feeds.tasks.build_due",
    "storefront.events.tasks.publish",
    "storefront.webhooks.tasks.process_due",
    "storefront.webhooks.tasks.subscribe_all",
}


@pytest.mark.parametrize("task", sorted(DISPATCHERS))
def test_dispatchers_do_not_wait_behind_the_work_they_queue(task):
    assert task in {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert queue_of(task) == "celery"


def test_each_deduplicated_task_is_registered():
    assert set(registered()) >= DEDUPLICATED_TASKS


def test_no_order_waits_behind_a_feed():
    slow = [
        name
        for name in registered()
        if name.startswith(URGENT_APPS) and not name.startswith(PATIENT_TASKS)
        if queue_of(name) != "celery"
    ]

    assert slow == []
