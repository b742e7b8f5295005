"""Circuit breaker: all workers stop calling a supplier that fails, and probe whether it is back."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import Call, Outcome
from suppliers.models import CircuitBreaker
from suppliers.resilience import circuit_breaker
from suppliers.resilience.circuit_breaker import CircuitBreakerOpenError, SharedCircuitBreaker
from suppliers.sync import schedule

pytestmark = pytest.mark.django_db
SILENCE = Outcome(status=None, milliseconds=1, error=TemporaryError("no answer"))
DOWN = Outcome(status=503, milliseconds=1, error=TemporaryError("HTTP 503"))
GOOD = Outcome(status=200, milliseconds=1)
REFUSED = Outcome(status=400, milliseconds=1, error=PermanentError("out of stock"))
TOO_FAST = Outcome(status=429, milliseconds=1, error=TemporaryError("slow down"))
ODD = Outcome(
    status=None, milliseconds=1, error=PermanentError("answer over 4 MB", is_outcome_unknown=True)
)
NOT_SENT = Outcome(status=None, milliseconds=1, error=PermanentError("no such address"))
WE_BROKE = Outcome(status=None, milliseconds=1)


@pytest.fixture
def breaker(supplier):
    """Return a function that builds one worker's view of the breaker."""
    return lambda: SharedCircuitBreaker(supplier.connection.pk)


def call(total_s=15.0):
    return Call(method="GET", path="stock", total_s=total_s)


def made(breaker, outcome, *, is_for_order=False):
    one = call()
    breaker.enter(one, is_for_order=is_for_order)
    breaker.leave(one, outcome)


def opened(breaker):
    for _ in range(circuit_breaker.OPENS_AFTER):
        made(breaker(), DOWN)


def later(**words):
    """Let time pass for the database."""
    passed = timedelta(**words)
    CircuitBreaker.objects.update(
        **{
            name: F(name) - passed
            for name in ("opened_at", "open_until", "orders_blocked_until", "half_open_until")
        }
    )


@pytest.mark.parametrize("outcome", [SILENCE, DOWN])
def test_a_breaker_opened_by_one_worker_blocks_all(breaker, outcome):
    for _ in range(circuit_breaker.OPENS_AFTER):
        made(breaker(), outcome)

    with pytest.raises(CircuitBreakerOpenError) as refused:
        breaker().enter(call(), is_for_order=False)
    with pytest.raises(CircuitBreakerOpenError) as refused_order:
        breaker().enter(call(), is_for_order=True)
    assert not refused.value.is_outcome_unknown
    assert refused.value.until > refused_order.value.until > timezone.now()


@pytest.mark.parametrize("outcome", [REFUSED, TOO_FAST, ODD, GOOD])
def test_a_rejection_never_opens_it(breaker, outcome):
    for _ in range(2 * circuit_breaker.OPENS_AFTER):
        made(breaker(), outcome)

    breaker().enter(call(), is_for_order=False)


def test_only_consecutive_failures_count(breaker):
    for _ in range(3):
        for _ in range(circuit_breaker.OPENS_AFTER - 1):
            made(breaker(), DOWN)
        made(breaker(), REFUSED)

    breaker().enter(call(), is_for_order=False)
    assert CircuitBreaker.objects.get().failures == 0


def test_an_order_may_probe_first_and_only_one(breaker):
    opened(breaker)
    later(seconds=6)

    with pytest.raises(CircuitBreakerOpenError):
        breaker().enter(call(), is_for_order=False)
    breaker().enter(call(), is_for_order=True)
    with pytest.raises(CircuitBreakerOpenError):
        breaker().enter(call(), is_for_order=True)


def test_a_successful_probe_closes_it_for_all_one_that_was_not_sent_does_not(breaker):
    opened(breaker)
    later(seconds=31)

    for outcome, is_open in ((NOT_SENT, True), (WE_BROKE, True), (GOOD, False)):
        made(breaker(), outcome)
        assert (CircuitBreaker.objects.get().opened_at is not None) is is_open

    breaker().enter(call(), is_for_order=False)


def test_a_failed_probe_doubles_the_pause_up_to_a_limit(breaker):
    opened(breaker)
    consecutive_opens = []
    for _ in range(6):
        later(minutes=6)
        made(breaker(), SILENCE)
        row = CircuitBreaker.objects.get()
        consecutive_opens.append(round((row.open_until - timezone.now()).total_seconds(), -1))

    assert consecutive_opens == [20, 40, 80, 160, 300, 300]


def test_failures_of_calls_under_way_do_not_extend_the_pause(breaker):
    workers = [(breaker(), call()) for _ in range(12)]
    for worker, one in workers:
        worker.enter(one, is_for_order=False)

    for worker, one in workers:
        worker.leave(one, SILENCE)

    row = CircuitBreaker.objects.get()
    assert (row.failures, row.consecutive_opens) == (12, 1)
    assert (row.open_until - timezone.now()).total_seconds() <= 10


def test_a_long_call_extends_its_probe_that_of_a_killed_worker_expires(breaker):
    opened(breaker)
    later(seconds=31)
    long, worker = Call(method="GET", path="feed", total_s=600, heartbeat_s=15), breaker()
    worker.enter(long, is_for_order=False)
    later(seconds=12)
    worker.heartbeat(long)
    later(seconds=12)

    with pytest.raises(CircuitBreakerOpenError):
        breaker().enter(call(), is_for_order=False)
    later(seconds=12)
    breaker().enter(call(), is_for_order=False)


def test_no_sync_starts_while_it_is_open(breaker, supplier):
    assert schedule.due_jobs(now=timezone.now())

    opened(breaker)

    assert schedule.due_jobs(now=timezone.now()) == []
    later(seconds=31)
    assert schedule.due_jobs(now=timezone.now())
    breaker().enter(call(), is_for_order=True)
    assert schedule.due_jobs(now=timezone.now()) == []  # an order probes the line


def test_staff_close_it(breaker, supplier):
    opened(breaker)

    assert circuit_breaker.close(connection_id=supplier.connection.pk)

    breaker().enter(call(), is_for_order=False)
    assert not circuit_breaker.close(connection_id=supplier.connection.pk)
