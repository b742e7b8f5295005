from datetime import timedelta
from unittest import mock

import pytest

from storefront.celery import app
from storefront.identity import current, live_database
from storefront.identity.models import LiveDatabase
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uncached(monkeypatch):
    monkeypatch.setattr(live_database, "_cached", None)


@pytest.fixture
def copy():
    """Make this database look like a copy of another one."""
    live_database.record()
    LiveDatabase.objects.update(database_oid=1)


def probe():
    """Do nothing: the test replaces what the task runs."""


def run_in_worker(name):
    """Run a task as a worker does; return whether its body ran."""
    known = app.tasks.get(name)  # also registers all tasks of the shop
    task = known or app.task(name=name)(probe)
    with mock.patch.object(task, "run") as body:
        task.apply().get()
    if known is None:
        app.tasks.pop(name)
    return body.called


def test_new_database_is_live_and_recorded_by_the_first_task():
    assert live_database.read() == live_database.State()

    assert run_in_worker("tests.any")

    assert live_database.read() == live_database.State(is_recorded=True)
    live_database.record()
    assert LiveDatabase.objects.count() == 1


def test_copy_runs_no_task_and_sells_nothing_until_staff_switch_it_on(copy):
    assert not run_in_worker("tests.any")
    assert run_in_worker("storefront.dashboard.tasks.check_invariants")
    assert not current.may_sell()

    assert live_database.switch_on(actor="ann", now=NOON)
    assert not live_database.switch_on(actor="ben", now=NOON + timedelta(hours=1))

    assert run_in_worker("tests.any")
    assert current.may_sell()
    state = live_database.read()
    assert (state.switched_on_at, state.switched_on_by) == (NOON, "ann")


def test_paused_database_is_a_copy():
    live_database.pause()

    assert not live_database.read().is_live
    assert live_database.switch_on(actor="ann", now=NOON)
