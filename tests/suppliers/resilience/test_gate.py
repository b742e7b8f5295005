"""Supplier gate: log and count calls, limit slots and rate, open the circuit breaker."""

import logging

import pytest
from django.db import DatabaseError

from storefront.dev.sandboxes.in_memory_supplier import InMemorySupplier
from storefront.lib.http.errors import TemporaryError
from storefront.lib.http.observers import Call, LoggingObserver, Outcome
from suppliers.connections.factory import open_connector
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import Capability
from suppliers.models import LatencyBucket, SyncRun
from suppliers.resilience import gate as resilience_gate
from suppliers.resilience.gate import SIGN_IN, LatencyGate, SupplierGate
from suppliers.sync.runner import run_sync
from tests.factories.feeds import NOON
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db
ABILITIES = {
    "": "catalog",
    "order/": "order reading",
    "POST order/": "order placing",
    "user/auth/": "sign in",
}


class RecordingParts:
    """A breaker, slots and a rate limit that only record their calls."""

    def __init__(self):
        self.for_orders = []
        self.held = set()
        self.forgotten = []

    def enter(self, _call, *, is_for_order):
        self.for_orders.append(is_for_order)

    def leave(self, _call, _outcome):
        pass

    def forget(self, call):
        self.forgotten.append(call)

    def take(self, **_):
        self.held.add(len(self.for_orders))
        return len(self.for_orders)

    def release(self, name):
        self.held.remove(name)

    def __call__(self):
        pass


def gate_with(watcher, *, rate_limit=None):
    return SupplierGate(
        code="lumen",
        capabilities=ABILITIES,
        breaker=watcher,
        slots=watcher,
        rate_limit=rate_limit or watcher,
    )


@pytest.mark.parametrize(
    ("method", "path", "ability", "is_for_order"),
    [
        ("GET", "list", "catalog", False),
        ("GET", "order/7", "order reading", True),
        ("POST", "order/create", "order placing", True),
        ("GET", "user/auth/status", "sign in", True),
        ("GET", "/order/7", "order reading", True),
    ],
)
def test_each_call_is_one_line_in_the_log(caplog, method, path, ability, is_for_order):
    caplog.set_level(logging.INFO, "suppliers.resilience.gate")
    watcher = RecordingParts()
    gate = gate_with(watcher)
    call = Call(method=method, path=path, request_id="ours-1")

    gate.enter(call)
    assert watcher.held
    gate.leave(call, Outcome(status=200, milliseconds=12.4, service_request_id="theirs-1"))

    assert watcher.for_orders == [is_for_order]
    assert not watcher.held
    assert caplog.messages == [
        f"lumen: {ability}, {method} {path} -> 200 in 12 ms, request ours-1, theirs theirs-1"
    ]


def test_a_call_that_is_not_admitted_holds_no_slot():
    def never():
        raise TemporaryError("no call allowed")

    watcher = RecordingParts()

    with pytest.raises(TemporaryError, match="no call allowed"):
        gate_with(watcher, rate_limit=never).enter(Call(method="GET", path="list"))

    assert not watcher.held
    assert watcher.forgotten


@pytest.mark.parametrize("name", sorted(set(CONNECTORS) - {"fake"}))
def test_every_connector_maps_its_calls_to_capabilities(name):
    calls = connector_class(name).CALLS

    assert set(calls.values()) <= {*Capability, SIGN_IN}
    assert calls


def test_repeated_hangups_open_the_breaker(supplier, world):
    world.failures = [TemporaryError("no answer")] * 20

    with open_connector(supplier) as connector:
        for _ in range(9):
            with pytest.raises(TemporaryError):
                list(connector.product_rows())

    assert len(world.asked) == 5
    assert isinstance(connector, InMemorySupplier)


def test_a_sync_pauses_as_long_as_retry_after_says(supplier, world):
    world.failures = [TemporaryError("HTTP 429", code="429", retry_after_s=600)] * 20

    run = run_sync(supplier=supplier, kind="products", now=NOON)

    assert run.status == SyncRun.Status.FAILED
    supplier.connection.refresh_from_db()
    assert 600 <= (supplier.connection.paused_until - NOON).total_seconds() < 660


CALL = Call(method="GET", path="/products")


@pytest.fixture
def gate():
    return LatencyGate(LoggingObserver(), supplier_id=make_supplier().pk)


def call(gate, milliseconds, status=200):
    error = None if status else TemporaryError("no answer")
    gate.enter(CALL)
    gate.leave(CALL, Outcome(status=status, milliseconds=milliseconds, error=error))


def counted():
    return dict(LatencyBucket.objects.order_by("le_ms").values_list("le_ms", "count"))


def test_a_thousand_latencies_are_a_few_rows(gate, django_assert_num_queries):
    for _ in range(250):
        for milliseconds in (10, 90, 95, 4_000):
            call(gate, milliseconds)

    with django_assert_num_queries(1):
        gate.flush()
        gate.flush()

    assert counted() == {25: 250, 100: 500, 6_400: 250}


def test_workers_add_to_one_histogram_that_counts_unanswered_calls_separately(gate):
    other = LatencyGate(LoggingObserver(), supplier_id=make_supplier().pk)
    for each, status in ((gate, 200), (other, 404), (gate, None), (other, 503)):
        call(each, 10, status)

    other.flush()
    gate.flush()

    assert counted() == {0: 2, 25: 2}


def test_latencies_are_written_during_a_long_run(gate, monkeypatch):
    monkeypatch.setattr(resilience_gate, "FLUSH_EVERY_S", 0.0)

    call(gate, 10)

    assert counted() == {25: 1}


def test_a_failed_write_of_latencies_fails_no_call(gate, monkeypatch, caplog):
    def failing():
        raise DatabaseError("away")

    call(gate, 10)
    monkeypatch.setattr(resilience_gate.connection, "cursor", failing)

    gate.flush()

    assert "are lost" in caplog.text
