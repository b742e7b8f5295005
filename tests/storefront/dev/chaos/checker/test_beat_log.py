"""Beat log: report a beat that is dead or sends no sweep, even if the drain succeeded."""

from dataclasses import fields
from types import SimpleNamespace

import pytest

from storefront.dev.chaos import runner
from storefront.dev.chaos.checker import beat_log
from storefront.dev.chaos.checker.quiescence import DrainResult
from storefront.dev.chaos.instance import instance
from storefront.dev.chaos.nemesis.faults import FaultInjector
from storefront.dev.chaos.observations.history import ShopState
from storefront.dev.chaos.plan import Plan
from storefront.dev.chaos.runner import Run
from storefront.dev.demo.processes import Ports, Stage
from storefront.dev.runtime.supervisor import Supervisor

SENT = (
    "INFO celery.beat: Scheduler: Sending due task orders: send due"
    " (orders.purchasing.tasks.sweep_due_submissions)\n"
)
OTHER = SENT.replace(
    "orders.purchasing.tasks.sweep_due_submissions", "catalog.search.tasks.prune_card_changes"
)
OUTSIDE_READS = (
    "gateway_payments",
    "supplier_orders",
    "attempts",
    "received_emails",
    "disputes",
    "text_messages",
    "return_labels",
)


@pytest.fixture
def place(tmp_path):
    ports = Ports(**{one.name: 0 for one in fields(Ports)})
    stage = Stage(root=tmp_path, var=tmp_path, ports=ports, env={})
    stage.log("beat").parent.mkdir()
    return instance.Instance(stage=stage, supervisor=Supervisor())


@pytest.fixture
def say(place):
    def add(words):
        with place.stage.log("beat").open("a") as log:
            log.write(words)

    return add


def add_beat(place, *, is_running=True):
    place.children["beat"] = SimpleNamespace(is_running=is_running, is_ready=lambda: True)


def silent(place, since=0):
    return beat_log.silent_beat(place, since=since, at_most_s=0)


def test_beat_that_sent_a_sweep_is_alive(place, say):
    say(OTHER)
    before = beat_log.log_length(place)
    add_beat(place)
    say(SENT)

    assert silent(place, before) == []


@pytest.mark.parametrize(
    ("before", "after", "is_running"),
    [(SENT, "", True), ("", "", True), ("", "beat: Starting...\n", True), ("", OTHER, True),
     ("", SENT, False)],
)  # fmt: skip
def test_beat_that_is_dead_or_sent_no_sweep_since_is_silent(place, say, before, after, is_running):
    add_beat(place, is_running=is_running)
    say(before)
    since = beat_log.log_length(place)
    say(after)

    assert silent(place, since) == ["beat"]


def test_beat_is_given_time_to_send(place, say, monkeypatch):
    add_beat(place)
    monkeypatch.setattr(beat_log.stop, "sleep", lambda *_: say(SENT))

    assert beat_log.silent_beat(place, since=0, at_most_s=60) == []


def test_restarted_beat_is_not_ready_by_the_old_log(place, say):
    say("beat: Starting...\n")
    beat = instance.beat(place.stage)

    assert not beat.is_ready()

    say("beat: Starting...\n")
    assert beat.is_ready()


@pytest.mark.parametrize("is_put", [True, False])
def test_run_without_beat_is_reported(place, say, monkeypatch, is_put):
    drain_result = DrainResult(seconds=1.0, waited_s={}, open_work=(), by_staff=0)
    monkeypatch.setattr(runner, "deliver_orders", lambda *_, **__: None)
    monkeypatch.setattr(runner, "drain", lambda *_, **__: say(SENT) or drain_result)
    ours = ShopState(orders=(), purchases=(), mails=(), violated_invariants=(), open_work=())
    monkeypatch.setattr(runner.inside, "read_state", lambda **_: ours)
    for book in OUTSIDE_READS:
        monkeypatch.setattr(runner.outside, book, lambda _: [])
    if is_put:
        add_beat(place)
    monkeypatch.setattr(FaultInjector, "heal", lambda _: None)
    monkeypatch.setattr(Run, "_wrong_events", lambda _: [])
    evidence = []
    monkeypatch.setattr(runner.checks, "check_all", lambda one: evidence.append(one) or [])
    run = Run(
        place=place,
        restarter=None,
        plan=Plan(seed=1, phases=[], failpoints={}),
        goods=[],
        stock=1,
        say=lambda _: None,
        is_audited=False,
        store_orders=0,
    )

    run.execute()

    assert evidence[0].silent == ([] if is_put else ["beat"])
