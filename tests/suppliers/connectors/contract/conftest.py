"""Contract fixtures: start each sandbox once, open a connector with short timeouts."""

from dataclasses import dataclass, fields

import pytest

from storefront.lib.http import retries
from suppliers.connectors.bigbuy import client
from suppliers.connectors.context import ConnectorContext
from suppliers.connectors.feed import fetch, sftp
from tests.factories.connector_contexts import MemoryBudget, make_context
from tests.suppliers.connectors.cj.recorded_answers import MemoryTokens
from tests.suppliers.connectors.contract.cases import TOTAL_S, TRIES, ConnectorUnderTest, find_item
from tests.suppliers.connectors.contract.sftp_supplier import STEP_S
from tests.suppliers.connectors.contract.subjects import SUBJECTS, connector_of


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickContext(ConnectorContext):
    """A context whose calls end soon, whatever limits the connector sets."""

    def api(self, **limits):
        return ConnectorContext.api(self, **(limits | {"read_s": TOTAL_S, "total_s": TOTAL_S}))


class UnlimitedBudget(MemoryBudget):
    """Counts calls without a limit: quotas have their own test."""

    def spend(self, quota, *, points=1, **_):
        self.used[quota.name] = self.used.get(quota.name, 0) + points


def with_short_timeouts(context):
    """Return this context with short timeouts."""
    words = {each.name: getattr(context, each.name) for each in fields(ConnectorContext)}
    return QuickContext(**words)


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0.01)
    monkeypatch.setattr(retries, "MAX_DELAY_S", 0.5)
    monkeypatch.setattr(client, "MAX_SLOT_WAIT_S", TOTAL_S)
    monkeypatch.setattr(client, "LIST_ATTEMPTS", TRIES)
    monkeypatch.setattr(fetch, "READ_S", TOTAL_S)
    monkeypatch.setattr(fetch, "TOTAL_S", TOTAL_S)
    monkeypatch.setattr(sftp, "STEP_S", STEP_S)
    monkeypatch.setitem(retries.retry.__kwdefaults__, "tries", TRIES)


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory):
    """Return a function that starts a sandbox on first use; stops all after the session."""
    running = {}

    def sandbox(name, *, is_strict=False):
        home = SUBJECTS[name].like or name
        key = (home, is_strict and bool(SUBJECTS[home].strict))
        if key not in running:
            folder = tmp_path_factory.mktemp(home)
            started = SUBJECTS[home].start(folder, is_strict=is_strict)
            running[key] = (started, MemoryTokens(), {})
        return running[key]

    yield sandbox
    for started, *_ in running.values():
        started.stop()


@pytest.fixture
def connect(sandboxes, tmp_path, db):
    """Return a function that opens a connector to its sandbox, by default reset."""
    connectors = []

    def open_one(name, *, is_strict=False, is_reset=True, **changes):
        subject = SUBJECTS[name]
        sandbox, tokens, found = sandboxes(name, is_strict=is_strict)
        if is_reset:
            sandbox.reset()
        words = {
            "currency": subject.currency,
            "secrets": subject.secrets,
            "options": subject.options,
            "tokens": tokens,
            "folder": tmp_path / f"kept-{len(connectors)}",  # no cache of an earlier connector
            "quotas": UnlimitedBudget(),
        }
        context = with_short_timeouts(make_context(subject.address(sandbox), **(words | changes)))
        connector = connector_of(name)(context)
        connectors.append(connector)
        if "good" not in found and not is_strict:
            found["good"] = find_item(connector)
        return ConnectorUnderTest(
            name=name,
            subject=subject,
            sandbox=sandbox,
            connector=connector,
            item=found.get("good"),
            expected=found.setdefault("truths", {}),
            context=context,
        )

    yield open_one
    for connector in connectors:
        connector.close()
