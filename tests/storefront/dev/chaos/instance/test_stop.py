"""Stop request: end during a phase, the drain and the audit."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import SimpleNamespace

import pytest

from storefront.dev.chaos import __main__ as chaos
from storefront.dev.chaos.checker import beat_catch_up, quiescence
from storefront.dev.chaos.instance import instance, stop
from storefront.dev.chaos.nemesis.faults import Striker
from storefront.dev.chaos.nemesis.forged_webhooks import Storm
from storefront.dev.chaos.plan import Blow, Phase, Plan, What
from storefront.dev.chaos.runner import Run
from storefront.dev.runtime.processes import Child
from storefront.dev.runtime.supervisor import StopRequestedError, Supervisor


@pytest.fixture(autouse=True)
def unfinished_work(monkeypatch):
    monkeypatch.setattr(beat_catch_up, "_is_any_waiting", lambda: True)


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
    late = Blow(at_s=3600, what=What.CLOCK, detail={"seconds": 0.0})
    plan = Plan(
        seed=1, phases=[Phase(name="a", wishes=[], at_most_s=1, blows=[late])], failpoints={}
    )
    run = Run(place=place, keeper=None, plan=plan, goods=[], stock=1, say=lambda _: None)
    threading.Timer(0.05, ask_to_end, [place]).start()

    with pytest.raises(StopRequestedError):
        run.go()

    assert not run.striker.struck


def test_no_fault_is_injected_after_a_stop_request(place):
    ask_to_end(place)
    luck = None
    striker = Striker(place=place, storm=Storm(place=place, luck=luck), luck=luck)

    striker.begin([Blow(at_s=0, what=What.CLOCK, detail={"seconds": 0.0})]).join()

    assert not striker.struck


def test_drain_ends_on_stop_with_open_work(place, monkeypatch):
    monkeypatch.setattr(quiescence.staff, "do_their_work", lambda _: 0)
    monkeypatch.setattr(quiescence.inside, "left", lambda _: ("1 events",))
    monkeypatch.setattr(quiescence, "_held_money", lambda _: ())
    monkeypatch.setattr(quiescence, "_unheard", lambda _: ())
    monkeypatch.setattr(quiescence.inside, "gateway_rests", lambda: False)
    ask_to_end(place)

    with pytest.raises(StopRequestedError):
        quiescence.drain(place, at_most_s=5)


def test_stopped_run_returns_130(monkeypatch, tmp_path):
    def asked(_):
        raise StopRequestedError

    monkeypatch.setattr(instance, "instance", asked)

    assert chaos.main(["--var", str(tmp_path)]) == 130


def test_drain_waits_for_a_late_webhook(place, monkeypatch):
    looks = iter([(), ("1 webhooks",), *[()] * quiescence.QUIET_LOOKS])
    asked = []
    monkeypatch.setattr(quiescence.staff, "do_their_work", lambda _: 0)
    monkeypatch.setattr(quiescence.inside, "left", lambda _: next(looks))
    monkeypatch.setattr(quiescence.inside, "overdue", lambda **_: ())
    monkeypatch.setattr(quiescence, "_held_money", lambda _: ())
    monkeypatch.setattr(quiescence, "_unheard", lambda _: ())
    monkeypatch.setattr(quiescence.inside, "gateway_rests", lambda: False)
    monkeypatch.setattr(quiescence, "LOOKS_EVERY_S", 0.0)

    drained = quiescence.drain(place, at_most_s=60, chores=asked.append)

    assert drained.left == ()
    assert list(drained.waited_s) == ["webhooks"]
    assert asked == [True, False, *[True] * quiescence.QUIET_LOOKS]
    assert next(looks, None) is None


def test_end_kills_at_once(tmp_path):
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

    instance.end(supervisor)

    assert child.exit_code == -signal.SIGKILL
