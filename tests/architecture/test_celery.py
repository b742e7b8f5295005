"""Celery: each task name written as a string belongs to a registered task and its queue."""

import inspect
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module

import pytest
from django.conf import settings

from storefront.celery import app
from storefront.workers.deduplication import DEDUPLICATED_TASKS

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
def test_each_beat_entry_has_a_queue_with_workers_and_expires_when_later_ones_do_its_work(entry):
    described = app.conf.beat_schedule[entry]
    assert described["task"] in registered()
    assert queue_of(described["task"]) in {"celery", "syncs", "bulk"}
    assert described["schedule"] <= described["options"]["expires"]
    assert described["options"]["expires"] <= max(60, described["schedule"])


def test_no_periodic_task_queues_itself():
    """A task that queues itself beside the beat multiplies."""
    for entry in app.conf.beat_schedule.values():
        path, _, name = entry["task"].rpartition(".")
        assert f"{name}.delay(" not in own_source(path, name), entry["task"]
        assert f"enqueue({name}" not in own_source(path, name), entry["task"]


def own_source(path, name):
    return inspect.getsource(getattr(import_module(path), name).run)


# What only decides that work is due, and starts it: a sweep that stood behind that work would come
# too late.
DECIDES = {
    "catalog.competitors.tasks.fetch_due_sources",
    "suppliers.inventory.tasks.queue_aged_supply",
    "suppliers.inventory.tasks.publish_pending",
    "suppliers.sync.tasks.close_expired_runs",
    "suppliers.sync.tasks.start_due_syncs",
    "storefront.webhooks.tasks.process_due",
    "storefront.webhooks.tasks.subscribe_all",
}


@pytest.mark.parametrize("task", sorted(DECIDES))
def test_what_decides_that_work_is_due_does_not_wait_behind_it(task):
    assert task in {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert queue_of(task) == "celery"


def test_each_deduplicated_task_is_registered():
    assert set(registered()) >= DEDUPLICATED_TASKS


def test_no_order_waits_behind_a_feed():
    slow = [
        name
        for name in registered()
        if name.startswith(URGENT) and not name.startswith(PATIENT)
        if queue_of(name) != "celery"
    ]

    assert slow == []
