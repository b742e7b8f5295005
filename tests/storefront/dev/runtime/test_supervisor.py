import os
import signal
import sys
import threading

import pytest

from storefront.dev.runtime.processes import Child, stop_leftover
from storefront.dev.runtime.supervisor import (
    ChildDiedError,
    NotReadyError,
    StopRequestedError,
    Supervisor,
)
from tests.support.waiting import eventually

PATIENT = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + PATIENT
NOTING = (
    "import pathlib, signal, sys, time\n"
    "def end(*_):\n"
    "    pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + ' ')\n"
    "    sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('up', flush=True)\n"
    "time.sleep(60)\n"
)


def group_lives(pgid):
    try:
        os.killpg(pgid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def supervisor():
    family = Supervisor()
    yield family
    family.requests.append(0)
    for child in family.children:
        child.patience_s = 0
    family.stop([])


@pytest.fixture
def child(tmp_path):
    def make(name, program, *words, **settings):
        log = tmp_path / f"{name}.log"
        return Child(
            name=name,
            command=[sys.executable, "-c", program, *words],
            log=log,
            env=os.environ,
            cwd=tmp_path,
            is_ready=lambda: log.exists() and "up" in log.read_text(),
            **settings,
        )

    return make


def test_a_child_that_dies_before_it_is_ready_is_named_with_the_end_of_its_log(supervisor, child):
    supervisor.start(child("web", "print('no such table: orders'); raise SystemExit(3)"))

    with pytest.raises(ChildDiedError, match=r"(?s)web ended with exit code 3.*no such table"):
        supervisor.wait_until_ready(supervisor.children)


def test_a_child_that_never_answers_is_not_waited_for_forever(supervisor, child):
    silent = child("worker", "import time; time.sleep(60)")
    supervisor.start(silent)

    with pytest.raises(NotReadyError, match="worker did not answer"):
        supervisor.wait_until_ready([silent], seconds=0.2)


def test_ctrl_c_ends_a_wait_even_if_the_signal_was_ignored_before(supervisor, child):
    before = [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)]
    hangup = signal.getsignal(signal.SIGHUP)
    supervisor.listen()
    supervisor.start(child("web", PATIENT))
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()

    with pytest.raises(StopRequestedError):
        supervisor.run(child("sync", "import time; time.sleep(60)"))

    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)
    signal.signal(signal.SIGHUP, hangup)


def test_groups_stop_in_the_given_order(supervisor, child, tmp_path):
    notes = tmp_path / "notes"
    for name in ("postgres", "web", "sandbox"):
        supervisor.start(child(name, NOTING, str(notes), name))
    supervisor.wait_until_ready(supervisor.children)

    supervisor.stop([["web"], ["sandbox"], ["postgres"]])

    assert notes.read_text().split() == ["web", "sandbox", "postgres"]


def test_a_child_that_will_not_stop_is_killed_with_its_own_children(supervisor, child, tmp_path):
    nest = (
        "import subprocess, sys; "
        f"inner = subprocess.Popen([sys.executable, '-c', {PATIENT!r}, 'nestling']); " + STUBBORN
    )
    parent = child("web", nest, patience_s=0.3)
    supervisor.start(parent)
    supervisor.wait_until_ready([parent])

    supervisor.stop([])

    assert parent.exit_code == -signal.SIGKILL
    eventually(lambda: not group_lives(parent.pid))


def test_a_child_that_dies_later_is_started_again(supervisor, child):
    worker = child("worker", PATIENT)
    supervisor.start(worker)
    supervisor.wait_until_ready([worker])
    first = worker.pid
    os.kill(first, signal.SIGKILL)
    changes = []

    def note():
        changes.append(worker.pid)
        supervisor.requests.append(signal.SIGTERM)

    supervisor.watch(note)

    assert worker.is_running
    assert changes == [worker.pid]
    assert worker.pid != first


def test_a_child_that_keeps_dying_ends_the_demo_and_says_why(supervisor, child):
    supervisor.start(child("worker", "print('no module named lamp'); raise SystemExit(1)"))

    with pytest.raises(ChildDiedError, match=r"(?s)no module named lamp.*within a minute"):
        supervisor.watch(lambda: None)


def test_step_shows_its_output_if_wanted_and_advice_if_it_fails(supervisor, child, capfdbinary):
    supervisor.run(child("sync", "print('120 of 120')"), is_shown=True)
    supervisor.run(child("migrate", "print('quiet')"))
    step = child("migrate", "print('connection refused'); raise SystemExit(1)")

    with pytest.raises(ChildDiedError, match=r"(?s)connection refused.*Is DATABASE_URL right\?"):
        supervisor.run(step, advice="Is DATABASE_URL right?")

    assert capfdbinary.readouterr().out == b"120 of 120\n"


def test_process_id_reused_by_another_program_is_not_stopped(supervisor, child):
    stranger = child("stranger", PATIENT)
    supervisor.start(stranger)
    supervisor.wait_until_ready([stranger])

    assert not stop_leftover(stranger.pid, marks=["granian"])
    assert stranger.is_running
    assert stop_leftover(stranger.pid, marks=[PATIENT[:12]])
