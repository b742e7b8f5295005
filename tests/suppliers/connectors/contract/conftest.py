"""A stage for each connector, started once, and a line to it that has little patience."""

from __future__ import annotations

from dataclasses import fields

import pytest

from storefront.lib.http import retries
from suppliers.connectors.bigbuy import client
from suppliers.connectors.context import Line
from suppliers.connectors.feed import fetch, sftp
from tests.factories.connector_contexts import make_line
from tests.suppliers.connectors.contract.cases import TOTAL_S, TRIES, On, find_good
from tests.suppliers.connectors.contract.contexts import QuickLine, RoomyBudget, TokensOfAStage
from tests.suppliers.connectors.contract.sftp_supplier import STEP_S
from tests.suppliers.connectors.contract.subjects import SUBJECTS, connector_of


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(retries, "LONGEST_WAIT_S", 0.5)
    monkeypatch.setattr(client, "LONGEST_TURN_S", TOTAL_S)
    monkeypatch.setattr(fetch, "READ_S", TOTAL_S)
    monkeypatch.setattr(fetch, "TOTAL_S", TOTAL_S)
    monkeypatch.setattr(sftp, "STEP_S", STEP_S)
    monkeypatch.setitem(retries.patiently.__kwdefaults__, "tries", TRIES)


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """Start a stage when it is first asked for; all of them end with the session."""
    running = {}

    def stage(name, *, is_strict=False):
        home = SUBJECTS[name].like or name
        key = (home, is_strict and bool(SUBJECTS[home].strict))
        if key not in running:
            folder = tmp_path_factory.mktemp(home)
            started = SUBJECTS[home].start(folder, is_strict=is_strict)
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
            "folder": tmp_path / f"kept-{len(lines)}",  # nothing is known from another time
            "budget": RoomyBudget(),
        }
        plain = make_line(subject.address(stage), **(words | changes))
        line = QuickLine(**{each.name: getattr(plain, each.name) for each in fields(Line)})
        connector = connector_of(name)(line)
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
