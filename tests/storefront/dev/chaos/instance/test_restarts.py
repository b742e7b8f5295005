"""The keeper goes on whatever happens while he looks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from storefront.dev.chaos.instance import restarts
from storefront.dev.chaos.instance.restarts import Keeper


@pytest.fixture
def looks(monkeypatch):
    """Have a keeper look once and no more, in our own thread."""
    monkeypatch.setattr(restarts, "POLL_S", 0)

    def once(place):
        keeper = Keeper(place)
        turns = iter([False, True])
        keeper._over = SimpleNamespace(wait=lambda _: next(turns))
        keeper._watch()
        return keeper

    return once


class Comer:
    """Lives, and is joined by another the moment somebody looks at him."""

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


def test_who_comes_while_he_looks_stands_in_nobodys_way(looks):
    children = {}
    dead = Dead()
    children |= {"sandbox": Comer(children), "web": dead}

    keeper = looks(SimpleNamespace(children=children))

    assert dead.started == 1
    assert keeper.deaths.total() == 1
