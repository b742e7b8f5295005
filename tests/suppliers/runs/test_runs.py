from datetime import timedelta

import pytest
from django.db import transaction

from storefront.lib.clock import running_clock
from storefront.lib.state_machine import StatusChange
from suppliers.connectors.bigbuy import client
from suppliers.connectors.feed import fetch, sftp
from suppliers.models import SyncRun
from suppliers.quarantine import review
from suppliers.runs import runs
from suppliers.runs.runs import AlreadyRunningError, LeaseLostError, RunContext
from suppliers.sync import runner, schedule, tasks
from tests.factories.feeds import NOON, make_feed_supplier, stock_world
from tests.factories.feeds import sync as sync_now
from tests.support.concurrency import Rival, all_at_once

PRODUCTS, PRICES, STOCK = (str(kind) for kind in SyncRun.Kind)
Status = SyncRun.Status


def minutes(count):
    return NOON + timedelta(minutes=count)


def begin(supplier, kind=PRODUCTS, now=NOON):
    return runs.open_run(supplier=supplier, kind=kind, now=now)


def end(run, status, *, at=NOON, **fields):
    run.move(status, at=at, ended_at=at, **fields)


def test_a_job_of_a_supplier_has_one_open_run(supplier):
    begin(supplier)

    with pytest.raises(AlreadyRunningError):
        begin(supplier, now=minutes(1))

    begin(supplier, STOCK)
    begin(make_feed_supplier(code="other"))
    assert SyncRun.objects.count() == 3


def test_only_expired_runs_are_closed_by_the_sweep_or_replaced(supplier):
    swept, replaced = begin(supplier), begin(supplier, PRICES, now=minutes(1))
    alive = begin(supplier, STOCK, now=minutes(4))

    assert runs.close_expired(now=NOON + runs.LEASE) == 1
    fresh = begin(supplier, PRICES, now=minutes(1) + runs.LEASE)

    for run in (swept, replaced, alive):
        run.refresh_from_db()
    assert (swept.status, replaced.status) == (Status.FAILED, Status.FAILED)
    assert (alive.status, fresh.status) == (Status.FETCHING, Status.FETCHING)
    assert replaced.problem == runs.WORKER_DIED
    trace = StatusChange.objects.get(subject_id=swept.pk, to_status=Status.FAILED)
    assert trace.reason == runs.WORKER_DIED


def test_a_worker_with_a_closed_run_writes_nothing_more(supplier):
    work = RunContext(begin(supplier), now=NOON)
    runs.close_expired(now=NOON + runs.LEASE)

    with pytest.raises(LeaseLostError):
        work.advance(Status.PARSED)
    with pytest.raises(LeaseLostError):
        runs.finish_run(RunContext(begin_again(work), now=NOON))


def begin_again(work):
    stale = SyncRun.objects.get(pk=work.run.pk)
    stale.status = Status.STAGED
    return stale


@pytest.mark.django_db(transaction=True)
def test_a_run_is_not_closed_while_its_worker_writes(world):
    work = RunContext(begin(make_feed_supplier()), now=NOON)
    sweep = Rival(lambda: runs.close_expired(now=NOON + runs.LEASE))

    with transaction.atomic():
        work.lock()
        sweep.begin()
        assert sweep.answer is None  # it waits

    assert sweep.finish() == 1
    with transaction.atomic(), pytest.raises(LeaseLostError):
        work.lock()


def test_a_long_run_extends_its_lease(supplier, monkeypatch):
    work = RunContext(begin(supplier), now=NOON)
    monkeypatch.setattr(runs, "EXTEND_AFTER_S", 0)
    work.clock = running_clock(minutes(4))

    work.heartbeat()

    assert runs.close_expired(now=NOON + runs.LEASE) == 0
    assert runs.close_expired(now=minutes(5) + runs.LEASE) == 1


def test_the_lease_outlives_the_task_time_limit(supplier, settings):
    begin(supplier)
    task_s = settings.CELERY_TASK_TIME_LIMIT

    assert runs.close_expired(now=NOON + timedelta(seconds=task_s)) == 0
    assert max(fetch.TOTAL_S, sftp.TOTAL_S, client.LIST_TOTAL_S) < task_s
    assert task_s < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


@pytest.mark.django_db(transaction=True)
def test_of_two_concurrent_workers_one_opens_the_run(world):
    supplier = make_feed_supplier()

    refused = all_at_once([lambda: begin(supplier)] * 2, AlreadyRunningError)

    assert (refused, SyncRun.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_with_an_expired_run_one_replaces_it(world):
    supplier = make_feed_supplier()
    dead, at = begin(supplier), NOON + runs.LEASE
    worker = Rival(lambda: begin(supplier, now=at))

    with transaction.atomic():
        dead.move(Status.FAILED, at=at)
        SyncRun.objects.create(
            supplier=supplier, kind=PRODUCTS, status_since=at, started_at=at, lease_until=at
        )
        worker.begin()
    worker.finish()

    assert isinstance(worker.failure, AlreadyRunningError)
    assert SyncRun.objects.count() == 2


def applied(supplier, kind, *, at=NOON, **fields):
    run = begin(supplier, kind, now=at)
    assert (supplier.pk, kind) not in schedule.due_jobs(now=at)
    for status in (Status.PARSED, Status.STAGED):
        run.move(status, at=at)
    end(run, Status.APPLIED, at=at, **fields)
    return run


def test_each_job_is_due_by_its_own_schedule_after_products(supplier):
    assert schedule.due_jobs(now=NOON) == [(supplier.pk, PRODUCTS)]
    applied(supplier, PRODUCTS)
    assert schedule.due_jobs(now=NOON) == [(supplier.pk, PRICES), (supplier.pk, STOCK)]
    for kind in (PRICES, STOCK):
        applied(supplier, kind)

    assert schedule.due_jobs(now=minutes(14)) == []
    assert schedule.due_jobs(now=minutes(15)) == [(supplier.pk, STOCK)]
    assert schedule.due_jobs(now=minutes(60)) == [(supplier.pk, PRICES), (supplier.pk, STOCK)]
    assert len(schedule.due_jobs(now=minutes(360))) == 3


def test_a_failed_run_is_retried_after_a_delay(supplier):
    applied(supplier, PRODUCTS)
    for kind in (PRICES, STOCK):
        applied(supplier, kind)
    end(begin(supplier, PRODUCTS, now=minutes(1)), Status.FAILED, at=minutes(1))

    assert schedule.due_jobs(now=minutes(2)) == []
    assert schedule.due_jobs(now=minutes(3)) == [(supplier.pk, PRODUCTS)]


def test_deferred_rows_are_due_at_once_unless_the_supplier_is_paused(supplier):
    applied(supplier, PRODUCTS, deferred_rows=7)

    assert (supplier.pk, PRODUCTS) in schedule.due_jobs(now=minutes(1))
    supplier.move("paused", at=NOON)
    assert schedule.due_jobs(now=minutes(1)) == []


def test_after_a_discarded_run_the_guards_check_again(supplier):
    run = begin(supplier)
    end(run, Status.QUARANTINED)
    review.discard(sync_run=run, actor="staff", now=NOON)

    assert begin(supplier, now=minutes(1)).guards_waived_by == ""


def test_an_exception_fails_the_run_and_is_raised(supplier, world, monkeypatch):
    stock_world(world, 1)

    def failing(*_):
        raise ZeroDivisionError("ours")

    monkeypatch.setitem(runner.SYNC_JOBS, PRODUCTS, failing)

    with pytest.raises(ZeroDivisionError):
        sync_now(supplier)

    run = SyncRun.objects.get()
    assert (run.status, run.problem) == (Status.FAILED, "ZeroDivisionError: ours")


def test_the_task_runs_only_due_jobs(supplier, world):
    stock_world(world, 2)

    tasks.sync(supplier_id=supplier.pk, kind=PRODUCTS)
    tasks.sync(supplier_id=supplier.pk, kind=PRODUCTS)

    assert SyncRun.objects.filter(kind=PRODUCTS, status=Status.APPLIED).count() == 1
