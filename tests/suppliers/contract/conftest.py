"""A stage for each connector, started once, and a line to it that has little patience."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest

from storefront.lib import patience
from suppliers.adapters import connector_class
from suppliers.adapters.bigbuy import wire
from suppliers.adapters.feed import fetching
from suppliers.adapters.line import Line
from tests.factories.lines import MemoryBudget, make_line
from tests.suppliers.contract.cases import TOTAL_S, TRIES, On, find_good
from tests.suppliers.contract.subjects import SUBJECTS


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLine(Line):
    """A line whose calls end soon, whatever the connector allows them."""

    def api(self, **limits):
        return Line.api(self, **(limits | {"read_s": TOTAL_S, "total_s": TOTAL_S}))


class RoomyBudget(MemoryBudget):
    """Counts, and refuses nothing: what a budget forbids has a test of its own."""

    def spend(self, quota, *, points=1, **_):
        self.used[quota.name] = self.used.get(quota.name, 0) + points


class TokensOfAStage:
    """What a sandbox lent, kept for all tests: nobody signs in anew for each."""

    def __init__(self):
        self.pair = {}

    def load(self):
        return dict(self.pair)

    def renewed(self, renew, *, refused):
        if self.pair.get("access") and self.pair["access"] != refused.get("access"):
            return dict(self.pair)
        self.pair = renew(dict(self.pair))
        return dict(self.pair)


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(patience, "LONGEST_WAIT_S", 0.5)
    monkeypatch.setattr(wire, "LONGEST_TURN_S", TOTAL_S)
    monkeypatch.setattr(fetching, "READ_S", TOTAL_S)
    monkeypatch.setattr(fetching, "TOTAL_S", TOTAL_S)
    monkeypatch.setitem(patience.patiently.__kwdefaults__, "tries", TRIES)


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """Start a stage when it is first asked for; all of them end with the session."""
    running = {}

    def stage(name, *, is_strict=False):
        key = (name, is_strict and bool(SUBJECTS[name].strict))
        if key not in running:
            folder = tmp_path_factory.mktemp(name)
            started = SUBJECTS[name].start(folder, is_strict=is_strict)
            running[key] = (started, TokensOfAStage(), {})
        return running[key]

    yield stage
    for started, *_ in running.values():
        started.stop()


@pytest.fixture
def on(stages, tmp_path, db):
    """Open a connector to its stage as that was on its first day."""
    lines = []

    def open_one(name, *, is_strict=False, begins_afresh=True, **changes):
        subject = SUBJECTS[name]
        stage, tokens, found = stages(name, is_strict=is_strict)
        if begins_afresh:
            stage.begin_afresh()
        words = {
            "currency": subject.currency,
            "secrets": subject.secrets,
            "options": subject.options,
            "tokens": tokens,
            "folder": tmp_path / "kept",
            "budget": RoomyBudget(),
        }
        plain = make_line(subject.address(stage), **(words | changes))
        line = QuickLine(**{each.name: getattr(plain, each.name) for each in fields(Line)})
        connector = connector_class(name)(line)
        lines.append(connector)
        if "good" not in found and not is_strict:
            found["good"] = find_good(connector)
        return On(
            name=name,
            subject=subject,
            stage=stage,
            connector=connector,
            good=found.get("good"),
            truths=found.setdefault("truths", {}),
            line=line,
        )

    yield open_one
    for connector in lines:
        connector.close()
