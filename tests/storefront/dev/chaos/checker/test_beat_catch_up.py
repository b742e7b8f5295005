"""Beat catch-up: start the sweeps that a moved clock skips, unless workers are busy."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import redis
from django.utils import timezone

from storefront.celery import app
from storefront.dev.chaos.checker import beat_catch_up, quiescence
from storefront.dev.chaos.checker.beat_catch_up import SweepStarter
from storefront.dev.chaos.observations import inside
from storefront.dev.runtime.supervisor import Supervisor

SHORTEST_LIMIT_S = 300  # the shortest deadline of an invariant
ALL = [f"3 {words}" for words in beat_catch_up.SWEEPS]


@pytest.fixture
def started(monkeypatch):
    """Return the list of started sweeps; the workers are idle."""
    names = []

    def sweep(name):
        return SimpleNamespace(name=name, delay=lambda: names.append(name))

    fake_sweeps = {
        words: tuple(sweep(each.name) for each in sweeps)
        for words, sweeps in beat_catch_up.SWEEPS.items()
    }
    monkeypatch.setattr(beat_catch_up, "SWEEPS", fake_sweeps)
    monkeypatch.setattr(beat_catch_up, "_is_any_queued", lambda: False)
    return names


def test_open_work_starts_its_sweeps_but_not_again_at_once(started, monkeypatch):
    sweep_starter = SweepStarter()

    sweep_starter.start_sweeps(["1 authorized payments at the gateway", "chores"])
    sweep_starter.start_sweeps(["1 authorized payments at the gateway"])
    assert started == ["orders.payments.tasks.poll_gateways", "orders.checkout.tasks.expire_unpaid"]

    monkeypatch.setattr(beat_catch_up, "PAUSE_S", 0.0)
    sweep_starter.start_sweeps(["1 webhooks"])
    sweep_starter.start_sweeps(["2 webhooks"])
    assert len(started) == 4


@pytest.mark.parametrize("error", [None, redis.ConnectionError])
def test_busy_workers_and_an_unavailable_broker_get_no_sweep(started, monkeypatch, error):
    def queued():
        if error:
            raise error
        return True

    assert SweepStarter().start_sweeps(ALL)
    started.clear()
    monkeypatch.setattr(beat_catch_up, "_is_any_queued", queued)

    assert not SweepStarter().start_sweeps(ALL)

    assert started == []


@pytest.fixture
def drain_result(monkeypatch):
    """Return a function that drains with given open work per check; it returns the clock shifts."""

    def overdue_at(late):
        def overdue(*, now):
            assert now - timezone.now() > quiescence.SOON / 2, (
                "overdue work is judged for a later time"
            )
            return next(late, ())

        return overdue

    def drain(left, overdue=(), rests=()):
        looks, late, open_breaker = iter(left), iter(overdue), iter(rests)
        monkeypatch.setattr(quiescence.staff, "do_open_work", lambda _: 0)
        monkeypatch.setattr(quiescence.inside, "open_work", lambda _: next(looks))
        monkeypatch.setattr(quiescence.inside, "overdue", overdue_at(late))
        monkeypatch.setattr(
            quiescence.inside, "is_gateway_blocked", lambda: next(open_breaker, False)
        )
        monkeypatch.setattr(quiescence, "_count_unknown_payments", lambda _: ())
        monkeypatch.setattr(quiescence, "_count_unreported", lambda _: ())
        monkeypatch.setattr(quiescence, "POLL_INTERVAL_S", 0.0)
        shifts = []
        place = SimpleNamespace(supervisor=Supervisor(), set_clock=shifts.append)
        quiescence.drain(place, at_most_s=60)
        assert next(looks, None) is None
        return shifts

    return drain


QUIET = [()] * quiescence.QUIET_POLLS


@pytest.mark.parametrize("is_busy", [True, False])
def test_clock_advances_fast_only_while_workers_are_idle(
    started, monkeypatch, drain_result, is_busy
):
    monkeypatch.setattr(beat_catch_up, "_is_any_queued", lambda: is_busy)

    shifts = drain_result([("1 webhooks",)] * 3 + QUIET)

    step = quiescence.SLOW_STEP_S if is_busy else quiescence.STEP_S
    assert shifts == [quiescence.INITIAL_SHIFT_S + turn * step for turn in range(3)]


def test_clock_stops_while_a_gateway_breaker_is_open(started, drain_result):
    shifts = drain_result([("1 webhooks",)] * 4 + QUIET, rests=[False, True, True, False])

    assert shifts == [quiescence.INITIAL_SHIFT_S, quiescence.INITIAL_SHIFT_S + quiescence.STEP_S]


def test_skipped_overdue_work_is_done_before_the_end(started, drain_result):
    late = ("2 overdue messaging.reservations_expire",)

    shifts = drain_result([("1 webhooks",), (), *QUIET], overdue=[late, *QUIET])

    assert started == [
        "storefront.webhooks.tasks.process_due",
        "orders.checkout.tasks.expire_unpaid",
    ]
    assert len(shifts) == 1, "the clock moves only while work is open"


@pytest.mark.django_db
def test_each_invariant_with_a_deadline_has_a_sweep(monkeypatch):
    every = tuple(replace(one, sql="SELECT %(now)s UNION SELECT 'epoch'") for one in inside.IN_TIME)
    monkeypatch.setattr(inside, "IN_TIME", every)

    words = [each.partition(" ") for each in inside.overdue(now=timezone.now())]

    assert {count for count, _, _ in words} == {"2"}
    assert {named for _, _, named in words} <= beat_catch_up.SWEEPS.keys()
    assert len(words) >= 8


def test_beat_schedules_each_sweep():
    """Otherwise chaos would do work that no process does in production."""
    by_beat = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}

    names = {each.name for sweeps in beat_catch_up.SWEEPS.values() for each in sweeps}
    assert names <= by_beat.keys()
    assert max(by_beat[name] for name in names) <= SHORTEST_LIMIT_S / 2


@pytest.fixture
def slowly(monkeypatch):
    """Return a function that makes each check take 25 s."""
    clock = [0.0]
    monkeypatch.setattr(quiescence.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(beat_catch_up, "_is_any_queued", lambda: True)

    def looks(left):
        for each in left:
            clock[0] += 25.0
            yield each

    return looks


@pytest.mark.usefixtures("started")
def test_slow_drain_continues_while_work_changes(slowly, drain_result):
    drain_result(slowly([(f"{count} calls",) for count in (4, 3, 2, 1)] + QUIET))


@pytest.mark.usefixtures("started")
def test_drain_without_progress_ends(slowly, drain_result):
    with pytest.raises(AssertionError, match="1 webhooks"):
        drain_result(slowly([("1 webhooks",)] * 50))
