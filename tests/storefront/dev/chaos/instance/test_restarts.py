"""Restarter: tolerate changes of the process list during a check."""

from types import SimpleNamespace

import pytest

from storefront.dev.chaos.instance import restarts
from storefront.dev.chaos.instance.restarts import Restarter


@pytest.fixture
def check_once(monkeypatch):
    """Return a function that runs one check in this thread."""
    monkeypatch.setattr(restarts, "POLL_S", 0)

    def once(place):
        restarter = Restarter(place)
        turns = iter([False, True])
        restarter._stopped = SimpleNamespace(wait=lambda _: next(turns))
        restarter._watch()
        return restarter

    return once


class AddsProcess:
    """A live process; reading its exit code adds another one."""

    name = "sandbox"

    def __init__(self, children):
        self.children = children

    @property
    def exit_code(self):
        self.children["gateway"] = Dead()


class Dead:
    name = "gateway"
    exit_code = -9
    started = 0

    def wait_until_stopped(self, **_):
        pass

    def start(self):
        self.started += 1


def test_process_added_during_a_check_is_ignored(check_once):
    children = {}
    dead = Dead()
    children |= {"sandbox": AddsProcess(children), "web": dead}

    restarter = check_once(SimpleNamespace(children=children))

    assert dead.started == 1
    assert restarter.deaths.total() == 1
