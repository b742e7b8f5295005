"""Gateway gate: a hanging gateway occupies one thread of a process and opens its breaker."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from orders.gateways import gateway_for
from orders.payments import gateway_gate
from orders.payments.gateway_gate import GatewayGate
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.http.observers import Call, Outcome
from suppliers.models import CircuitBreaker
from suppliers.resilience import circuit_breaker
from suppliers.resilience.circuit_breaker import CircuitBreakerOpenError
from tests.factories.circuit_breakers import break_line
from tests.factories.suppliers import make_supplier

SILENCE = Outcome(status=None, milliseconds=1, error=TemporaryError("no answer"))
GOOD = Outcome(status=200, milliseconds=1)


def call():
    return Call(method="POST", path="/v1/checkout/sessions", total_s=8)


@pytest.mark.django_db(transaction=True)
def test_only_one_thread_waits_for_a_hanging_gateway(stripe):
    stripe.fault("slow", seconds=1.5)
    gateway = gateway_for("stripe")

    def ask(_number):
        began = time.monotonic()
        try:
            gateway.history(reference="cs_test_1")
        except ExternalServiceError:
            return time.monotonic() - began
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        took = sorted(threads.map(ask, range(8)))

    assert took[-1] > 1.2, "the gateway hung"
    assert took[-2] < gateway_gate.MAX_WAIT_S + 0.5


@pytest.mark.django_db(transaction=True)
def test_calls_to_a_working_gateway_run_one_at_a_time():
    gate = GatewayGate("fake")
    within, most = [], []

    def ask(_number):
        one = call()
        gate.enter(one)
        within.append(one)
        most.append(len(within))
        time.sleep(0.1)
        within.remove(one)
        gate.leave(one, GOOD)
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, range(4)))

    assert most == [1, 1, 1, 1]


def fail_until_it_opens(gate):
    for _ in range(circuit_breaker.OPENS_AFTER):
        one = call()
        gate.enter(one)
        gate.leave(one, SILENCE)


@pytest.mark.django_db
def test_an_open_breaker_stops_the_calls_of_all_processes():
    here, there = GatewayGate("fake"), GatewayGate("fake")
    fail_until_it_opens(here)

    for gate in (here, there):
        with pytest.raises(CircuitBreakerOpenError):
            gate.enter(call())
    GatewayGate("stripe").enter(call())
    row = CircuitBreaker.objects.get()
    assert (row.gateway, row.connection) == ("fake", None)
    assert row.orders_blocked_until - row.opened_at <= gateway_gate.MAX_PAUSE / 2


@pytest.mark.django_db
def test_the_breaker_of_a_gateway_blocks_no_supplier():
    supplier = make_supplier()
    fail_until_it_opens(GatewayGate("fake"))

    assert list(circuit_breaker.blocked_for_orders()) == []
    break_line(supplier)
    assert list(circuit_breaker.blocked_for_orders()) == [supplier.pk]
