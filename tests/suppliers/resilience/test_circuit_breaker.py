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


def call_through(breaker, outcome, *, is_for_order=False):
    one = call()
    breaker.enter(one, is_for_order=is_for_order)
    breaker.leave(one, outcome)


def open_breaker(breaker):
    for _ in range(circuit_breaker.OPENS_AFTER):
        call_through(breaker(), DOWN)


def pass_time(**words):
    """Move the times of the breaker back: the clock of the database cannot be set."""
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
        call_through(breaker(), outcome)

    with pytest.raises(CircuitBreakerOpenError) as refused:
        breaker().enter(call(), is_for_order=False)
    with pytest.raises(CircuitBreakerOpenError) as refused_order:
        breaker().enter(call(), is_for_order=True)
    assert not refused.value.is_outcome_unknown
    assert refused.value.until > refused_order.value.until > timezone.now()


@pytest.mark.parametrize("outcome", [REFUSED, TOO_FAST, ODD, GOOD])
def test_a_rejection_never_opens_the_breaker(breaker, outcome):
    for _ in range(2 * circuit_breaker.OPENS_AFTER):
        call_through(breaker(), outcome)

    breaker().enter(call(), is_for_order=False)


def test_only_consecutive_failures_count(breaker):
    for _ in range(3):
        for _ in range(circuit_breaker.OPENS_AFTER - 1):
            call_through(breaker(), DOWN)
        call_through(breaker(), REFUSED)

    breaker().enter(call(), is_for_order=False)
    assert CircuitBreaker.objects.get().failures == 0


def test_an_order_may_probe_first_and_only_one(breaker):
    open_breaker(breaker)
    pass_time(seconds=6)

    with pytest.raises(CircuitBreakerOpenError):
        breaker().enter(call(), is_for_order=False)
    breaker().enter(call(), is_for_order=True)
    with pytest.raises(CircuitBreakerOpenError):
        breaker().enter(call(), is_for_order=True)


def test_a_successful_probe_closes_the_breaker_for_all_and_an_unsent_probe_does_not(breaker):
    open_breaker(breaker)
    pass_time(seconds=31)

    for outcome, is_open in ((NOT_SENT, True), (WE_BROKE, True), (GOOD, False)):
        call_through(breaker(), outcome)
        assert (CircuitBreaker.objects.get().opened_at is not None) is is_open

    breaker().enter(call(), is_for_order=False)


def test_a_failed_probe_doubles_the_pause_up_to_a_limit(breaker):
    open_breaker(breaker)
    consecutive_opens = []
    for _ in range(6):
        pass_time(minutes=6)
        call_through(breaker(), SILENCE)
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


def test_a_long_call_extends_its_probe_and_without_heartbeats_the_probe_expires(breaker):
    open_breaker(breaker)
    pass_time(seconds=31)
    long, worker = Call(method="GET", path="feed", total_s=600, heartbeat_s=15), breaker()
    worker.enter(long, is_for_order=False)
    pass_time(seconds=12)
    worker.heartbeat(long)
    pass_time(seconds=12)

    with pytest.raises(CircuitBreakerOpenError):
        breaker().enter(call(), is_for_order=False)
    pass_time(seconds=12)
    breaker().enter(call(), is_for_order=False)


def test_no_sync_starts_while_the_breaker_is_open(breaker, supplier):
    assert schedule.due_jobs(now=timezone.now())

    open_breaker(breaker)

    assert schedule.due_jobs(now=timezone.now()) == []
    pass_time(seconds=31)
    assert schedule.due_jobs(now=timezone.now())
    breaker().enter(call(), is_for_order=True)
    assert schedule.due_jobs(now=timezone.now()) == []  # an order is probing


def test_staff_close_the_breaker(breaker, supplier):
    open_breaker(breaker)

    assert circuit_breaker.close(connection_id=supplier.connection.pk)

    breaker().enter(call(), is_for_order=False)
    assert not circuit_breaker.close(connection_id=supplier.connection.pk)
