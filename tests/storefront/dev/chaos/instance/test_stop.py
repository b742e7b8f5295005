"""Stop request: ends a run during a phase, the drain or the audit."""

import os
import signal
import sys
import threading
from types import SimpleNamespace

import pytest

from storefront.dev.chaos import __main__ as chaos
from storefront.dev.chaos.checker import beat_catch_up, quiescence
from storefront.dev.chaos.instance import instance, stop
from storefront.dev.chaos.nemesis.faults import FaultInjector
from storefront.dev.chaos.plan import FaultKind, Phase, Plan, PlannedFault
from storefront.dev.chaos.runner import Run
from storefront.dev.runtime.processes import Child
from storefront.dev.runtime.supervisor import StopRequestedError, Supervisor


@pytest.fixture(autouse=True)
def unfinished_work(monkeypatch):
    monkeypatch.setattr(beat_catch_up, "_is_any_queued", lambda: True)


@pytest.fixture
def place(tmp_path):
    return SimpleNamespace(
        var=tmp_path,
        supervisor=Supervisor(),
        children={},
        ports=SimpleNamespace(web=0, gateway=0),
        set_clock=lambda _: None,
    )


def ask_to_end(place):
    place.supervisor._note(signal.SIGTERM, None)


def test_endless_thread_is_abandoned_on_stop(place):
    never = threading.Event()
    thread = threading.Thread(target=never.wait, daemon=True)
    thread.start()
    threading.Timer(0.05, ask_to_end, [place]).start()

    with pytest.raises(StopRequestedError):
        stop.wait_for(place, [thread])

    never.set()


def test_phase_ends_on_stop_before_later_faults(place):
    late = PlannedFault(at_s=3600, what=FaultKind.CLOCK, detail={"seconds": 0.0})
    plan = Plan(
        seed=1,
        phases=[Phase(name="a", planned_purchases=[], at_most_s=1, planned_faults=[late])],
        failpoints={},
    )
    run = Run(
        place=place,
        restarter=None,
        plan=plan,
        goods=[],
        stock=1,
        say=lambda _: None,
        store_orders=0,
    )
    threading.Timer(0.05, ask_to_end, [place]).start()

    with pytest.raises(StopRequestedError):
        run.execute()

    assert not run.fault_injector.injected


def test_no_fault_is_injected_after_a_stop_request(place):
    ask_to_end(place)
    clock = PlannedFault(at_s=0, what=FaultKind.CLOCK, detail={"seconds": 0.0})
    fault_injector = FaultInjector(place=place, webhook_forger=None, rng=None)

    fault_injector.begin([clock]).join()

    assert not fault_injector.injected


@pytest.fixture
def open_work_per_check(monkeypatch):
    """Return a function that sets the open work of each check of the drain."""

    def set_open_work(*left):
        found = iter(left)
        monkeypatch.setattr(quiescence.staff, "do_open_work", lambda _: 0)
        monkeypatch.setattr(quiescence.inside, "open_work", lambda _: next(found))
        monkeypatch.setattr(quiescence.inside, "overdue", lambda **_: ())
        monkeypatch.setattr(quiescence, "_count_unknown_payments", lambda _: ())
        monkeypatch.setattr(quiescence, "_count_unreported", lambda _: ())
        monkeypatch.setattr(quiescence.inside, "is_gateway_blocked", lambda: False)
        monkeypatch.setattr(quiescence, "POLL_INTERVAL_S", 0.0)
        return found

    return set_open_work


def test_drain_ends_on_stop_with_open_work(place, open_work_per_check):
    open_work_per_check(*[("1 events",)] * 9)
    ask_to_end(place)

    with pytest.raises(StopRequestedError):
        quiescence.drain(place, at_most_s=5)


def test_stopped_run_returns_130(monkeypatch, tmp_path):
    def asked(_):
        raise StopRequestedError

    monkeypatch.setattr(instance, "instance", asked)

    assert chaos.main(["--var", str(tmp_path)]) == 130


def test_drain_waits_for_a_late_webhook(place, open_work_per_check):
    found = open_work_per_check((), ("1 webhooks",), *[()] * quiescence.QUIET_POLLS)
    asked = []

    drain_result = quiescence.drain(place, at_most_s=60, chores=asked.append)

    assert drain_result.open_work == ()
    assert list(drain_result.waited_s) == ["webhooks"]
    assert asked == [True, False, *[True] * quiescence.QUIET_POLLS]
    assert next(found, None) is None


def test_kill_all_kills_at_once(tmp_path):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    deaf += "; print(1, flush=True); time.sleep(60)"
    child = Child(
        name="worker",
        command=[sys.executable, "-c", deaf],
        log=tmp_path / "log",
        env=dict(os.environ),
        cwd=tmp_path,
        is_ready=lambda: (tmp_path / "log").read_text() != "",
        patience_s=60,
    )
    supervisor = Supervisor()
    supervisor.start(child)
    supervisor.wait_until_ready([child])

    instance.kill_all(supervisor)

    assert child.exit_code == -signal.SIGKILL
